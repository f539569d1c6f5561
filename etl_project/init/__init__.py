"""A folder in, a commented etl.toml for it out: what `etl init` looks at, proposes and writes."""

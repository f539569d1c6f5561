"""Post files (Markdown with front matter) to one DuckDB warehouse."""

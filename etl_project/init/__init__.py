"""`etl init`: sample a folder of posts, propose rules, and write a commented etl.toml for it."""

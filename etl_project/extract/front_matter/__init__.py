"""Read the front matter of a post into fields."""

"""The header of a post: text in, fields out."""

"""A site's own settings, and the addresses of its posts."""

"""What a site's own settings say: addresses and defaults of its posts."""

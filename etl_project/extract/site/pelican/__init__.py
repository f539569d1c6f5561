"""What the settings of a Pelican site say about its posts: https://docs.getpelican.com/en/latest/settings.html."""

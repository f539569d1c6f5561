"""Make the path of a post's page from its place on the site; each generator's rules are in a file of their own."""

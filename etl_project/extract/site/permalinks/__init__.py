"""Where a post stands on its site in, the path of its page out: the rules of each generator in a file of its own."""

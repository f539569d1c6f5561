"""Read post files: the bytes of a file become one row of plain columns, or a rejection with its reason."""

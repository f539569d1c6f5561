"""Posts of plain form, read many at once; whatever is not plain is left to the readers of any post."""

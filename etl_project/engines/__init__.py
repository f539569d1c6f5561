"""Who runs the batches: a batch of file keys in, one manifest row out."""

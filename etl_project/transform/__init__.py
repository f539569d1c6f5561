"""Turn the frame of posts into the frames of the normalized tables: pure Polars, no I/O."""

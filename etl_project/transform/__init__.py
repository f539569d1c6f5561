"""The posts frame in, the normalized frames out: pure Polars, no I/O."""

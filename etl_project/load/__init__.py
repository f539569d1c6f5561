"""Normalized frames in, the published DuckDB file out."""

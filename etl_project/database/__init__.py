"""The DuckDB files: what they declare, how they are opened, replaced and published."""

"""The checks of the tables and aggregates: their queries, how they run, and what their results mean."""

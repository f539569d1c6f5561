"""Checks of the tables and aggregates: what they ask, and what their answers mean."""

"""Brings the tables up to date with staged rows, keeps the log of changes and versions, and builds the aggregates."""

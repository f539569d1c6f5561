"""Dagster's web server and daemon, and where Dagster keeps its records."""

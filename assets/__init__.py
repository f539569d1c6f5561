"""Dagster: thin assets, checks and automation over etl_project."""

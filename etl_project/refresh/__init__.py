"""The stages of one refresh in order, without Dagster."""

"""The stages of one refresh in order, without Dagster."""

from etl_project.refresh.refresh import Refresh

__all__ = ["Refresh"]

"""The page for people who would rather look than query: one HTML file that needs no server and no network."""

from etl_project.report.write import Written, write_page_of, write_report

__all__ = ["Written", "write_page_of", "write_report"]

"""The groups of the graph: what a table is about. A group that is closed is one node, so that the graph fits a page."""

SUBJECTS = {
    "files": ("post_files", "rejected_files"),
    "articles": ("articles", "article_bodies", "article_headings", "article_metrics", "search_text"),
    "terms": (
        "categories",
        "tags",
        "authors",
        "article_categories",
        "article_tags",
        "article_authors",
        "article_mentions",
    ),
    "links": ("article_links", "link_targets"),
    "stories": ("stories", "story_pairs"),
    "history": ("article_history", "article_changes", "article_versions", "refreshes"),
    "about": ("sources", "metrics", "readme"),
}
"""Group -> tables. A table that no group names is in the group `tables`."""

_GROUPS = {table: group for group, tables in SUBJECTS.items() for table in tables}


def subject_of(table: str) -> str:
    """The group of a table."""
    return _GROUPS.get(table, "tables")

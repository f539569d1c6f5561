"""Where the columns of aggregates come from, against what a person reads in their SQL."""

from __future__ import annotations

from etl_project.database.contract import contract
from etl_project.load.aggregates import aggregates
from etl_project.load.lineage import column_origins

ARTICLE, DAY = ("articles", "article_id"), ("articles", "published_on")
SOURCE, FIRST = ("articles", "source_id"), ("stories", "is_first")

READ_BY_A_PERSON = {
    "articles_by_date": {
        "source_id": [SOURCE],
        "published_on": [DAY],
        "articles": [ARTICLE],
        "stories": [FIRST],
        "words": [("article_metrics", "words")],
        "trailing_7_day_mean": [ARTICLE],
        "trailing_28_day_mean": [ARTICLE],
    },
    "articles_by_month_category": {
        "source_id": [SOURCE],
        "month": [DAY],
        "category_id": [("article_categories", "category_id")],
        "category": [("categories", "name")],
        "articles": [ARTICLE],
        "stories": [FIRST],
        "share_of_month": [ARTICLE],
        "change_on_month_before": [ARTICLE, DAY, SOURCE],
    },
    "articles_by_weekday_hour": {
        "source_id": [SOURCE],
        "weekday": [("articles", "published_local")],
        "hour": [("articles", "published_local")],
        "articles": [ARTICLE],
    },
    "links_by_host": {
        "source_id": [SOURCE],
        "host": [("article_links", "host")],
        "links": [("article_links", "kind")],
        "images": [("article_links", "kind")],
        "articles": [ARTICLE],
    },
}


def test_the_origins_of_columns_are_those_a_person_reads_in_the_sql() -> None:
    found = column_origins(aggregates())
    assert {name: found[name] for name in READ_BY_A_PERSON} == READ_BY_A_PERSON


def test_every_column_of_every_aggregate_has_origins_in_tables_that_it_reads() -> None:
    found = column_origins(aggregates())
    tables = {name: {column.name for column in table.columns} for name, table in contract().items()}
    for name, aggregate in aggregates().items():
        reads = {*aggregate.inputs}
        assert [*found[name]] == [column.name for column in aggregate.table.columns]
        for column, origins in found[name].items():
            assert origins, f"{name}.{column}"
            assert all(table in reads and origin in tables[table] for table, origin in origins), f"{name}.{column}"

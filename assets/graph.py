"""The graph of the tables: the assets of each definition, in their order."""

from assets.aggregates import aggregates
from assets.publish import publish
from assets.related import related
from assets.tables import tables

ASSETS = (tables, related, aggregates, publish)

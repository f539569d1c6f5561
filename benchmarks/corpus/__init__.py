"""Posts made by rule: the same seed gives the same bytes on every machine."""

"""The measuring harness and the generator of its posts."""

"""Benchmarks: the harness that measures, and the generator of the posts it measures on."""

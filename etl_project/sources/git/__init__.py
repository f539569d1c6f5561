"""A git repository as a source: the commit to read, what it changed, its blobs. The one place that runs git."""

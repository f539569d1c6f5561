"""The warehouse as Delta tables in a folder or a bucket: written by parts, read at pinned versions."""

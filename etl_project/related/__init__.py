"""Relations over all articles: which tell the same story. Made of narrow tables, never of bodies."""

"""Who is told when a refresh fails, and how."""

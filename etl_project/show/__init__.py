"""Output for people: each module prints one thing to the terminal, and `charts` draws SVG."""

"""Read the body of a post, in Markdown or HTML: its text, links, headings and mentions."""

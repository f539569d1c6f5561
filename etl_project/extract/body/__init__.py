"""The body of a post: Markdown or HTML in, text, links, headings and mentions out."""

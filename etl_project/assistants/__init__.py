"""What an assistant may ask of the published file, and the server it asks."""

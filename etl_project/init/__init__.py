"""A first look at a folder nobody has described: what kind of site it is, and the settings it should have."""

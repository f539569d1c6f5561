"""What changed since the last refresh: a listing and the inventory in, the work of this one out."""

"""Reads posts by columns, a whole batch at once, where the reader of one post would find nothing unusual in them."""

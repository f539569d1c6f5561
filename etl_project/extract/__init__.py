"""Bytes of a post file in, one row of plain columns or a reason out."""

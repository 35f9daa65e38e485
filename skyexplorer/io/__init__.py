"""Bytes to plain arrays and headers; no nouns, no network."""

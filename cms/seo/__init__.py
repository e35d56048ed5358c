"""Data for search engines: the head of a page and its graph of linked data."""

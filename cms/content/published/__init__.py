"""Reads live entries: rows, lists, relations, documents, redirects, search, changes. Never imports ``editing``."""

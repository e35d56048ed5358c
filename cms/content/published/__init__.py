"""Reads what is live: rows, lists, relations, composing, redirects, searching. Never imports ``editing``."""

"""Management: drafts, history, publication, settings and keys."""

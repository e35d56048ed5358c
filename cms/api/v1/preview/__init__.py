"""Preview: what delivery will answer, seen as the draft or as of any moment."""

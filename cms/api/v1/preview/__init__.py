"""Preview: the answers of delivery, from drafts or as of any instant."""

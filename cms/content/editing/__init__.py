"""The editing side: drafts, revisions, the timeline, readiness, links, slugs, the audit log, preview, indexing."""

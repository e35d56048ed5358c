"""The redirect map of a site as files for web servers and hosts."""

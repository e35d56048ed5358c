"""The redirects of a site, as files for web servers and hosting services."""

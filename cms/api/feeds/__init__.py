"""The routes of the files that programs read of a site: feeds, sitemaps, llms.txt, robots.txt and security.txt.

These addresses have no version, because feed readers and crawlers keep them for years. Like all of delivery, they read
only what is live now and have no access to drafts.
"""

"""Files that programs read of a site: feeds, sitemaps, llms.txt, robots.txt and security.txt.

Each function turns plain data into bytes; nothing here knows HTTP or the database. XML is written with the standard
library, which is enough for writing; the libraries that make feeds support neither several authors nor JSON Feed.
"""

"""What others read of a site besides pages: feeds, sitemaps, llms.txt, robots.txt, security.txt.

Plain data in, bytes out: nothing here knows HTTP or the database. XML is written with the standard library, which has
all that writing takes; the libraries that make feeds know neither several authors nor JSON Feed.
"""

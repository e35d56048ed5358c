"""What others read of a site besides its pages: feeds, sitemaps, llms.txt, robots.txt, security.txt.

These addresses have no version: readers and crawlers keep them for years. Like all of delivery they show what is live
now and have no path to working copies.
"""

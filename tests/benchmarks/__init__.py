"""How fast delivery is, against a bare Flask route that returns the same bytes on the same server: ``make bench``."""

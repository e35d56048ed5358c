"""The cache in front of the application: kept answers and their validity, content codings and lifetimes."""

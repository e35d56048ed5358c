"""Delivery: what is live now, for anyone."""

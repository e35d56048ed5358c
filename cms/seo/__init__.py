"""What search engines are told: the head of a page and its graph of linked data."""

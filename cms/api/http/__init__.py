"""What any good HTTP API needs, without a word of this product."""

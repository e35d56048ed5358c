"""What every content type shares; knows none of them.

An *entry* is an identity. Its *draft* is the working copy, in the type's own table. Each save makes an immutable
*revision*. A *publication* says: this revision is live from here until there. Delivery reads publications only.
"""

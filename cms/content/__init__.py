"""The engine that all content types share. It imports none of them.

An *entry* is an identity. Its *draft* is the copy that editors change, in the type's own table. Each save makes an
immutable *revision*. A *publication* states that a revision is live from one instant until another. Delivery reads
publications only.
"""

"""The version of this release and of the contract. It imports nothing, so anything may import it."""

VERSION = "0.1.0"
"""The release; packaging reads it here."""

API_VERSION = "1.0.0"
"""The contract: the OpenAPI document's own version, whose first number is that of its addresses."""

"""The parts of an HTTP API that do not depend on this product."""

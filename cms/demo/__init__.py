"""The demonstration: it creates a database with the sample site of an invented workshop, and suggests commands."""

from cms.demo.run import DATABASE, is_in_use, run_demo

__all__ = ["DATABASE", "is_in_use", "run_demo"]

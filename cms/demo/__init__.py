"""The demonstration: a new database with the sample site of an invented workshop, and what to try."""

from cms.demo.run import DATABASE, is_in_use, run_demo

__all__ = ["DATABASE", "is_in_use", "run_demo"]

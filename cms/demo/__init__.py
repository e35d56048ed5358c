"""The demonstration: a new database with the sample site of an invented workshop, and what to try."""

from cms.demo.run import run_demo

__all__ = ["run_demo"]

"""Fixtures of the judges."""

import pytest

from tests.judges.typescript import install


@pytest.fixture(scope="session")
def tools() -> None:
    """The tools of ``package-lock.json`` are installed."""
    install()

"""A headless CMS: articles, FAQ entries, authors and social links as versioned REST resources."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def create_app() -> "Flask":
    """The application for the environment's settings; what ``flask --app cms`` and WSGI servers call."""
    # Imported late, so that the domain packages can be used without the HTTP edge.
    from cms.app import create_app as build

    return build()

"""A headless CMS: articles, FAQ entries, authors, social links and tags as versioned REST resources."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def create_app() -> "Flask":
    """Build the application for the environment's settings. ``flask --app cms`` and WSGI servers call this."""
    # The import is inside the function, so that the domain packages can be used without the HTTP edge.
    from cms.app import create_app as build

    return build()

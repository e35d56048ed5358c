"""The guides at ``/docs/guides/``: HTML pages made from the Markdown files of the package.

A guide links to another guide by its file, as in ``[Editing](editing.md)``, so that the link works in the repository.
On the HTML page the same link leads to the page of the other guide.
"""

import html
import posixpath
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from flask import Flask, Response
from werkzeug.exceptions import NotFound

from cms.api.answers.cacheable import fixed_response
from cms.rendering import render

GUIDES = "/docs/guides/"
INDEX = "README.md"
STYLE = "guides.css"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "public, max-age=300"}
# This works on sanitised HTML: it has no "<" in texts, and every attribute is in double quotes.
LINK = re.compile(r'(?<=<a href=")([^":#]+\.md)(?=[#"])')


def add_guides(app: Flask) -> None:
    """Serve every guide of the package, with an index."""

    @app.get(f"{GUIDES}{STYLE}")
    def guide_style() -> Response:
        return fixed_response((_folder() / STYLE).read_bytes(), "text/css; charset=utf-8", HEADERS)

    @app.get(GUIDES, strict_slashes=False)
    @app.get(f"{GUIDES}<path:name>")
    def guide(name: str = "") -> Response:
        path = _files().get(f"{GUIDES}{name}")
        if path is None:
            raise NotFound
        return fixed_response(page_of(path), "text/html; charset=utf-8", HEADERS)


def _folder() -> Path:
    return Path(str(resources.files("cms") / "docs"))


@cache
def _files() -> Mapping[str, str]:
    """The path of each guide below the folder, by the address of its page."""
    paths = (each.relative_to(_folder()).as_posix() for each in sorted(_folder().rglob("*.md")))
    return {address_of(path): path for path in paths}


def address_of(path: str) -> str:
    """The address of a guide's page: ``decisions/cursors.md`` is ``/docs/guides/decisions/cursors``."""
    return GUIDES + (path.removesuffix(INDEX) if posixpath.basename(path) == INDEX else path.removesuffix(".md"))


@cache
def page_of(path: str) -> bytes:
    """The HTML page of a guide, made when it is first requested."""
    rendition = render("markdown", (_folder() / path).read_text(encoding="utf-8"))

    def page_address(link: re.Match[str]) -> str:
        return address_of(posixpath.normpath(posixpath.join(posixpath.dirname(path), link[1])))

    title = html.escape(rendition.toc[0].text)
    return PAGE.format(title=title, content=LINK.sub(page_address, rendition.html)).encode()


PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/docs/guides/guides.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<nav><a href="/docs/guides/">Guides</a> <a href="/docs">Interactive reference</a></nav>
<main>
{content}</main>
</body>
</html>
"""

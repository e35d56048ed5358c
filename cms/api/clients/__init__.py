"""Files for API clients, written from the OpenAPI document: a Bruno collection and a plain ``.http`` file."""

from collections.abc import Mapping
from typing import Any

from cms.api.clients.bruno import bruno_files
from cms.api.clients.http_file import http_file

__all__ = ["client_files"]


def client_files(document: Mapping[str, Any]) -> dict[str, str]:
    """Every file's text by its path below ``openapi/``; the same document gives the same files."""
    collection = {f"bruno/{path}": text for path, text in bruno_files(document).items()}
    return {**collection, "v1.http": http_file(document)}

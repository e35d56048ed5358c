"""Files for API clients, made from the OpenAPI document: a Bruno collection and a plain ``.http`` file."""

from cms.api.clients.bruno import bruno_files
from cms.api.clients.http_file import http_file

__all__ = ["bruno_files", "http_file"]

"""The versions of the API, with their addresses and their states.

Every route of a version is relative to its ``prefix``. A version 2 would be another entry here, with its routes in
``cms/api/v2``, which ``cms/app.py`` mounts.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class APIVersion:
    """A version of the API."""

    name: str
    prefix: str
    state: Literal["current", "deprecated"]

    @property
    def management(self) -> str:
        """The prefix of management, where drafts, history and publications are read and written."""
        return f"{self.prefix}/manage"

    @property
    def preview(self) -> str:
        """The prefix of preview, which shows drafts as delivery will answer them."""
        return f"{self.prefix}/preview"

    @property
    def document(self) -> str:
        """The path of the OpenAPI document."""
        return f"{self.prefix}/openapi.json"


V1 = APIVersion("v1", "/api/v1", "current")
VERSIONS = (V1,)

"""The versions of the API: their addresses, and where each of them stands in its life.

Every route of a version is relative to its ``prefix``. A version 2 is one more entry here, with its routes in
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
        """Where working copies, history and publication are read and written."""
        return f"{self.prefix}/manage"

    @property
    def preview(self) -> str:
        """Where drafts are seen as delivery will answer them."""
        return f"{self.prefix}/preview"

    @property
    def document(self) -> str:
        """Where its OpenAPI document is."""
        return f"{self.prefix}/openapi.json"


V1 = APIVersion("v1", "/api/v1", "current")
VERSIONS = (V1,)

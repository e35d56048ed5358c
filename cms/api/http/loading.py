"""Validates documents by a schema, and reports every fault with its JSON Pointer."""

import difflib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from marshmallow import ValidationError

from cms.api.http.fields import Schema, faults_of
from cms.errors import Fault, Invalid

# The characters that a URI fragment may have unencoded (RFC 3986, 3.5), beside letters and digits.
FRAGMENT = "-._~!$&'()*+,;=:@?"
POINTED_AT_MOST = 200
"""The most characters of each name in a pointer. No field has a name as long as this."""


@lru_cache(maxsize=512)
def instance_of(schema: type[Schema]) -> Schema:
    """The shared instance of a schema: making one copies every field, and loading does not change it."""
    return schema()


def load(schema: Schema, document: Any) -> dict[str, Any]:
    """Validate a document; raises ``Invalid`` with every fault and its JSON Pointer."""
    try:
        loaded: dict[str, Any] = schema.load(document)
    except ValidationError as error:
        raise Invalid(*(_body_fault(schema, *each) for each in faults_of(error))) from None
    return loaded


def _body_fault(schema: Schema, path: tuple[str, ...], code: str, detail: str) -> Fault:
    """A fault of a body. For an unknown field on the first level it suggests the known field with the nearest name."""
    if code != "unknown_field" or len(path) != 1 or (near := near_name(path[0], schema.load_fields)) is None:
        return Fault(code, detail, pointer(path))
    return Fault(code, f"{detail} Did you mean '{near}'?", pointer(path), did_you_mean=near)


def near_name(name: str, names: Iterable[str]) -> str | None:
    """The known name that is most similar to an unknown one, or ``None`` if none is similar."""
    return next(iter(difflib.get_close_matches(name[:60], names, n=1)), None)


def pointer(path: tuple[str, ...]) -> str:
    """A JSON Pointer as a URI fragment (RFC 6901, 6), such as ``#/seo/title``. Very long names are cut."""
    names = (each[:POINTED_AT_MOST].replace("~", "~0").replace("/", "~1") for each in path)
    return "#" + "".join("/" + quote(each, safe=FRAGMENT) for each in names)

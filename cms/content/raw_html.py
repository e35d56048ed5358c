"""Who may write HTML that is delivered as given, and what of it somebody else leaves as it is."""

from collections.abc import Iterator

import orjson

from cms.content.types import Content, ContentType
from cms.content.version import Change
from cms.errors import Fault, Forbidden
from cms.rendering.blocks import Block
from cms.rendering.blocks.canonical import is_raw

SCOPE = "html:raw"


def check_raw_html(change: Change, kind: ContentType, content: Content, *known: Content | None) -> None:
    """Raises ``Forbidden`` for raw HTML that is new, unless its writer may: not in any ``known`` content of the entry.

    The command line may; it has no key.
    """
    if change.actor.key_id is None or SCOPE in change.actor.scopes:
        return
    kept = {_identity(block) for each in known if each for _, block in _raw(kind, each)}
    faults = [
        Fault("missing_scope", "This HTML would be delivered as given.", f"{pointer}/trust")
        for pointer, block in _raw(kind, content)
        if _identity(block) not in kept
    ]
    if faults:
        raise Forbidden(f"Raw HTML needs a key with the scope {SCOPE}.", *faults, scope=SCOPE)


def _raw(kind: ContentType, content: Content) -> Iterator[tuple[str, Block]]:
    """Every raw block of the content's rich texts, with its pointer."""
    for field in kind.bodies:
        body = content.get(field)
        if body and body["format"] == "blocks":
            for position, block in enumerate(body["source"]):
                if is_raw(block):
                    yield f"#/{field}/source/{position}", block


def _identity(block: Block) -> bytes:
    return orjson.dumps(block, option=orjson.OPT_SORT_KEYS)

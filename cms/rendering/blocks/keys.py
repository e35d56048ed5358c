"""Gives every block a ``_key`` that depends on its content, so that it stays the same when the block is moved."""

from hashlib import blake2b
from typing import Any

import orjson

from cms.rendering.blocks import Block

KEY_BYTES = 6
ORDER = ("_type", "_key")
INSIDE = {"children": "s", "markDefs": "m"}
"""The lists whose members get a key by position, and its prefix: a span is usually edited and not moved."""


def with_keys(blocks: list[Block]) -> list[Block]:
    """The blocks with a key on every member of every list, unique in its list. Existing keys are kept."""
    given = {block["_key"] for block in blocks if "_key" in block}
    taken: dict[str, int] = {}
    return [_with_key(_keyed_inside(block), given, taken) for block in blocks]


def _with_key(block: Block, given: set[str], taken: dict[str, int]) -> Block:
    key = block.get("_key")
    if key is None:
        stem = blake2b(orjson.dumps(block, option=orjson.OPT_SORT_KEYS), digest_size=KEY_BYTES).hexdigest()
        key = stem
        # Equal blocks are numbered in reading order.
        while key in given or key in taken:
            taken[stem] = taken.get(stem, 1) + 1
            key = f"{stem}-{taken[stem]}"
        taken.setdefault(key, 1)
    rest = {name: value for name, value in block.items() if name not in ORDER}
    return {"_type": block["_type"], "_key": key, **rest}


def _keyed_inside(block: Block) -> Block:
    return {name: _keyed(name, value) for name, value in block.items()}


def _keyed(name: str, value: Any) -> Any:
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return value
    if name not in INSIDE:
        return with_keys(value)
    given = {each["_key"] for each in value if "_key" in each}
    numbers = (number for number in range(2 * len(value)) if f"{INSIDE[name]}{number}" not in given)
    return [
        {"_type": each["_type"], "_key": each.get("_key") or f"{INSIDE[name]}{next(numbers)}"} | each for each in value
    ]

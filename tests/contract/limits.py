"""The limits of a value apart from its inner parts: words, lengths, bounds, patterns, formats."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.contract.rules import REQUEST
from tests.contract.schemas import KNOWN, Alternative

Exceeded = tuple[str, str]
"""The rule without its direction, and what changed."""
Facts = Mapping[str, Any]

# Every value of the first format is one of the second.
WIDER_FORMATS = {("int32", "int64"), ("float", "double")}
LEAST = ("minLength", "minItems", "minProperties")
MOST = ("maxLength", "maxItems", "maxProperties")
BOUNDS = (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1))


def limits_exceeded(narrow: Alternative, wide: Alternative, direction: str) -> Iterator[Exceeded]:
    """What the narrow alternative allows and the wide one does not."""
    old, new = (narrow, wide) if direction == REQUEST else (wide, narrow)
    words, allowed = narrow.facts.get("enum"), wide.facts.get("enum")
    beyond: list[Any] = []
    if words is None:
        beyond = ["any other value"] if allowed is not None else []
        for rule, name in (*_limits_beyond(narrow.facts, wide.facts), *_forms_beyond(narrow.facts, wide.facts)):
            yield _directed(rule, direction), f"`{name}` was {_told(old.facts, name)} and is {_told(new.facts, name)}."
    elif allowed is None:
        beyond = [repr(each) for each in words if not _is_allowed(each, wide.facts)]
    else:
        beyond = [repr(each) for each in words if each not in allowed]
    if beyond and direction == REQUEST:
        yield "value-removed", f"No longer accepted: {', '.join(beyond)}."
    elif beyond and not wide.is_open:
        yield "value-added", f"It may now be {', '.join(beyond)}."
    for name in sorted(wide.facts.keys() - KNOWN):
        # Of a keyword that the detector does not know, only the same value is taken to allow the same.
        if narrow.facts.get(name) != wide.facts[name]:
            yield "keyword-changed", f"`{name}` was {_told(old.facts, name)} and is {_told(new.facts, name)}."


def _directed(rule: str, direction: str) -> str:
    if rule != "limit":
        return rule
    return "limit-tightened" if direction == REQUEST else "limit-loosened"


def _told(facts: Facts, name: str) -> str:
    value = facts.get(name, "not set")
    return " and ".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def _is_allowed(value: Any, limits: Facts) -> bool:
    """True if a word of a list is within the limits that stand in place of the list."""
    if isinstance(value, str):
        return (
            limits.get("minLength", 0) <= len(value) <= limits.get("maxLength", len(value))
            and all(re.search(pattern, value) for pattern in limits.get("pattern", ()))
            and "format" not in limits
        )
    if isinstance(value, int | float):
        itself = {"minimum": value, "maximum": value, "multipleOf": value}
        return not any(_limits_beyond(itself, limits))
    return True


def _limits_beyond(narrow: Facts, wide: Facts) -> Iterator[tuple[str, str]]:
    """The keywords of lengths, counts and bounds."""
    for name in LEAST:
        if wide.get(name, 0) > narrow.get(name, 0):
            yield "limit", name
    for name in MOST:
        if name in wide and narrow.get(name, wide[name] + 1) > wide[name]:
            yield "limit", name
    for name, exclusive, sign in BOUNDS:
        outer, inner = (_bound(facts, name, exclusive, sign) for facts in (wide, narrow))
        if outer is not None and (inner is None or inner < outer):
            yield "limit", exclusive if exclusive in wide and name not in wide else name
    if wide.get("uniqueItems") and not narrow.get("uniqueItems"):
        yield "limit", "uniqueItems"
    divisor = wide.get("multipleOf")
    if divisor is not None and ("multipleOf" not in narrow or narrow["multipleOf"] % divisor):
        yield "limit", "multipleOf"


def _bound(facts: Facts, name: str, exclusive: str, sign: int) -> tuple[float, bool] | None:
    """The bound that holds; the tighter of two is the greater."""
    bounds = [(sign * facts[name], False)] if name in facts else []
    bounds += [(sign * facts[exclusive], True)] if exclusive in facts else []
    return max(bounds, default=None)


def _forms_beyond(narrow: Facts, wide: Facts) -> Iterator[tuple[str, str]]:
    """Patterns and formats, which can be compared for being the same only."""
    for name in ("pattern", "format"):
        given = narrow.get(name, frozenset())
        for each in wide.get(name, frozenset()) - given:
            if not any((own, each) in WIDER_FORMATS for own in given):
                yield f"{name}-changed", name
                break

"""What a schema allows, written so that two schemas can be compared: one alternative for each kind of value.

``{"type": ["string", "null"]}``, ``{"anyOf": [{"type": "string"}, {"type": "null"}]}`` and a reference to either are
the same two alternatives.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.contract.documents import Document, component_name

KINDS = ("null", "boolean", "integer", "number", "string", "array", "object")
OPEN = "x-extensible"
"""Marks a list of words, or of forms, that may grow in answers."""
COMPONENT = "component"
"""The name of the component that alternatives come from."""

COMBINING = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
# What these say is for readers and generators; a default is compared apart, as it is no limit.
ANNOTATIONS = frozenset(
    {
        *("title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly"),
        *("externalDocs", "xml", "discriminator", "$comment", "$id", "$schema", "$anchor", "$defs"),
    }
)
KEYWORDS: Mapping[str, frozenset[str]] = {
    "string": frozenset({"enum", "pattern", "format", "minLength", "maxLength"}),
    "number": frozenset(
        {"enum", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    ),
    "array": frozenset({"items", "minItems", "maxItems", "uniqueItems"}),
    "object": frozenset(
        {"properties", "required", "additionalProperties", "minProperties", "maxProperties", "propertyNames"}
    ),
    "boolean": frozenset({"enum"}),
    "null": frozenset(),
}
KNOWN = frozenset().union(*KEYWORDS.values()) | {"type", OPEN, COMPONENT}

Facts = dict[str, Any]


@dataclass(frozen=True)
class Alternative:
    """One kind of value that a schema allows, with the keywords that limit it."""

    kind: str
    facts: Mapping[str, Any]

    @property
    def component(self) -> str | None:
        """The component that it was referred to by."""
        return self.facts.get(COMPONENT)

    @property
    def is_open(self) -> bool:
        """True if the document says that more words, or forms, will come."""
        return bool(self.facts.get(OPEN))


def alternatives(document: Document, schema: Any) -> list[Alternative]:
    """The alternatives of a schema; those that are nothing but lists of words of one kind are put together."""
    found = [each for facts in _flat(document, schema) for each in _by_kind(facts)]
    words: dict[str, Facts] = {}
    others: list[Alternative] = []
    for each in found:
        if each.facts.keys() - {OPEN} != {"enum"}:
            others.append(each)
        elif each.kind in words:
            words[each.kind]["enum"] = [*words[each.kind]["enum"], *each.facts["enum"]]
        else:
            words[each.kind] = dict(each.facts)
    return [*others, *(Alternative(kind, facts) for kind, facts in words.items())]


def default_of(document: Document, schema: Any) -> tuple[Any, ...]:
    """The default of a schema as a tuple of one, or an empty one."""
    if not isinstance(schema, dict):
        return ()
    if "default" in schema:
        return (schema["default"],)
    for inner in (*([document.target(schema["$ref"])] if "$ref" in schema else ()), *schema.get("allOf", ())):
        if found := default_of(document, inner):
            return found
    return ()


def kind_of(value: Any) -> str:
    """The JSON type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
    return "array" if isinstance(value, list) else "object"


def _flat(document: Document, schema: Any) -> list[Facts]:
    """The schema as a list of which one must hold, each without references and combining keywords."""
    if schema is False:
        return []
    if schema is True:
        return [{}]
    result = [_own(schema)]
    if "$ref" in schema:
        result = _all_of(result, _flat(document, document.target(schema["$ref"])))
        if name := component_name(schema):
            result = [{**facts, COMPONENT: name} for facts in result]
    for each in schema.get("allOf", ()):
        result = _all_of(result, _flat(document, each))
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            result = _all_of(result, [facts for each in schema[keyword] for facts in _flat(document, each)])
    return result


def _own(schema: Mapping[str, Any]) -> Facts:
    """The limits that stand in the schema itself, each in one form."""
    facts: Facts = {}
    for keyword, value in schema.items():
        if keyword in COMBINING | ANNOTATIONS or (keyword.startswith("x-") and keyword != OPEN):
            continue
        match keyword:
            case "type":
                kinds = {value} if isinstance(value, str) else set(value)
                # Every integer is a number.
                facts["type"] = frozenset(kinds | {"integer"} if "number" in kinds else kinds)
            case "const":
                facts["enum"] = [value]
            case "pattern" | "format":
                facts[keyword] = frozenset([value])
            case "required":
                facts["required"] = frozenset(value)
            case _:
                facts[keyword] = value
    return facts


def _all_of(some: list[Facts], others: list[Facts]) -> list[Facts]:
    return [_both(one, other) for one in some for other in others]


def _both(one: Facts, other: Facts) -> Facts:
    """The limits of two schemas that must hold together."""
    for limits, beside in ((one, other), (other, one)):
        if beside.keys() <= {OPEN}:
            return {**limits, **beside}  # Nothing that limits it: it still is what the component says.
    met = {name: value for name, value in one.items() if name != COMPONENT}
    for keyword, value in other.items():
        if keyword == COMPONENT:
            continue
        if keyword not in met:
            met[keyword] = value
        elif met[keyword] != value:
            met[keyword] = TOGETHER.get(keyword, _all)(met[keyword], value)
    if "properties" in one or "properties" in other:
        met["properties"] = {name: _member_of_both(name, one, other) for name in _members(one, other)}
    return met


def _members(*each: Facts) -> Iterable[str]:
    return dict.fromkeys(name for facts in each for name in facts.get("properties", {}))


def _member_of_both(name: str, *each: Facts) -> Any:
    """A member's schema: of each of the two its own there, else what that allows of members that it does not name."""
    schemas = [facts.get("properties", {}).get(name, facts.get("additionalProperties", True)) for facts in each]
    if False in schemas:
        return False
    limits = [schema for schema in schemas if schema not in (True, {})]
    return _all(*limits) if len(limits) == 2 else (limits or [True])[0]


def _all(one: Any, other: Any) -> Any:
    return {"allOf": [one, other]}


TOGETHER: Mapping[str, Callable[[Any, Any], Any]] = {
    "type": lambda one, other: one & other,
    "enum": lambda one, other: [each for each in one if each in other],
    "pattern": lambda one, other: one | other,
    "format": lambda one, other: one | other,
    "required": lambda one, other: one | other,
    "uniqueItems": lambda one, other: one or other,
    "multipleOf": math.lcm,
    OPEN: lambda one, other: one or other,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
    "additionalProperties": lambda one, other: False if False in (one, other) else _all(one, other),
    # Put together by ``_both``, which knows both schemas.
    "properties": lambda one, other: one,
}


def _by_kind(facts: Facts) -> Iterator[Alternative]:
    kinds = facts.get("type", frozenset(KINDS))
    if "enum" in facts:
        kinds = {kind_of(value) for value in facts["enum"]} & kinds
    for kind in KINDS:
        if kind in kinds and not (kind == "integer" and "number" in kinds):
            yield Alternative(kind, _limits_of(kind, facts))


def _limits_of(kind: str, facts: Facts) -> Facts:
    """The keywords that say something of this kind of value, and those that the detector does not know."""
    telling = KEYWORDS["number" if kind == "integer" else kind]
    limits = {name: value for name, value in facts.items() if name in telling or name not in KNOWN}
    if "enum" in limits:
        kinds = (kind, "integer") if kind == "number" else (kind,)
        limits["enum"] = [value for value in facts["enum"] if kind_of(value) in kinds]
    if kind != "null":
        limits |= {name: facts[name] for name in (OPEN, COMPONENT) if name in facts}
    return limits

"""Comparing two schemas: what one allows that the other does not, in the direction in which the values go.

In a request everything that the old schema allows must be allowed by the new one; in an answer it is the other way
round. So one walk serves both: the values of the ``narrow`` schema must all fit into the ``wide`` one.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.contract.documents import Document, component_name, refers, step
from tests.contract.limits import limits_exceeded
from tests.contract.rules import REQUEST
from tests.contract.schemas import Alternative, alternatives, default_of

Pair = tuple[str, str, str]
"""The old and the new name of a component, and a direction."""
Tag = tuple[tuple[str, Any], ...]
"""The members of an object that are always the same word, by which it is told from its siblings."""


@dataclass
class Findings:
    """What was found in one place, and the components that are compared apart because the place refers to them."""

    found: list[tuple[str, str, str]] = field(default_factory=list)
    """A rule, a pointer, and what changed."""
    reached: set[Pair] = field(default_factory=set)

    def add(self, rule: str, pointer: str, detail: str) -> None:
        self.found.append((rule, pointer, detail))

    def take(self, other: "Findings") -> None:
        self.found += other.found
        self.reached |= other.reached


@dataclass(frozen=True)
class Place:
    """Where two schemas are compared, and where to write what is found."""

    direction: str
    pointer: str
    findings: Findings

    @property
    def is_request(self) -> bool:
        return self.direction == REQUEST

    def below(self, name: str) -> "Place":
        """The place of a member; ``*`` for every item."""
        return Place(self.direction, f"{self.pointer}/{step(name)}", self.findings)

    def apart(self) -> "Place":
        """The same place with findings of its own, to try something out."""
        return Place(self.direction, self.pointer, Findings())

    def add(self, rule: str, detail: str) -> None:
        """Write down a break of ``request-…`` or ``response-…``."""
        self.findings.add(f"{self.direction}-{rule}", self.pointer, detail)


class Comparison:
    """The schemas of two documents, each pair of components compared once."""

    def __init__(self, old: Document, new: Document) -> None:
        self.old, self.new = old, new
        self.components: dict[Pair, Findings] = {}

    def compare(self, old: Any, new: Any, place: Place) -> None:
        """Compare two schemas that stand in the same place."""
        if place.is_request:
            self._compare_defaults(old, new, place)
        names = component_name(old), component_name(new)
        if names[0] and names[1]:
            place.findings.reached.add(self._component(names[0], names[1], place.direction))
            return
        if (new if place.is_request else old) in (True, {}) or (old == new and not refers(old)):
            return  # Any value fits, or the same ones do.
        sides = alternatives(self.old, old), alternatives(self.new, new)
        self._compare_kinds(*sides, place)
        narrow, wide = sides if place.is_request else sides[::-1]
        for each in narrow:
            candidates = [other for other in wide if _covers(other.kind, each.kind)]
            if candidates:
                self._compare_with_counterpart(each, candidates, narrow, place)

    def _component(self, old: str, new: str, direction: str) -> Pair:
        """Compare two components, unless that was done or is being done."""
        pair = (old, new, direction)
        if pair not in self.components:
            self.components[pair] = Findings()
            schemas = self.old.component(old), self.new.component(new)
            self.compare(*schemas, Place(direction, "#", self.components[pair]))
        return pair

    def _compare_defaults(self, old: Any, new: Any, place: Place) -> None:
        before, after = default_of(self.old, old), default_of(self.new, new)
        if before and repr(before) != repr(after):
            now = f"it is {after[0]!r}" if after else "there is none"
            place.add("default-changed", f"The default was {before[0]!r}; now {now}.")

    def _compare_kinds(self, old: list[Alternative], new: list[Alternative], place: Place) -> None:
        narrow, wide = (old, new) if place.is_request else (new, old)
        unmet = {each.kind for each in narrow if not any(_covers(other.kind, each.kind) for other in wide)}
        if unmet == {"null"} and wide:
            if place.is_request:
                place.add("null-refused", "It cannot be null any more.")
            else:
                place.add("null-added", "It may now be null.")
        elif unmet:
            kinds = [" or ".join(dict.fromkeys(each.kind for each in side)) or "nothing" for side in (old, new)]
            place.add("type-changed", f"It was {kinds[0]} and is {kinds[1]}.")

    def _compare_with_counterpart(
        self, each: Alternative, candidates: list[Alternative], narrow: list[Alternative], place: Place
    ) -> None:
        """Compare with the alternative of the same component, of the same tag, or else with one that allows it."""
        if each.component and each.component in (other.component for other in candidates):
            place.findings.reached.add(self._component(each.component, each.component, place.direction))
            return
        tag, same = self._counterparts(each, candidates, place)
        tried = [self._tried(each, other, place) for other in same]
        fitting = next((findings for findings in tried if self._is_clean(findings)), None)
        alike = [other for other in narrow if other.kind == each.kind]
        if fitting or len(tried) == 1:
            place.findings.take(fitting or tried[0])
        elif len(tried) == len(alike):
            place.findings.take(tried[alike.index(each)])
        elif place.is_request:
            place.add("alternative-removed", f"It can no longer be {_described(each, tag)}.")
        elif not all(other.is_open for other in candidates):
            place.add("alternative-added", f"It may now be {_described(each, tag)}.")

    def _counterparts(
        self, each: Alternative, candidates: list[Alternative], place: Place
    ) -> tuple[Tag, list[Alternative]]:
        """The tag of an alternative and the candidates with the same one; without tags, every candidate."""
        if each.kind != "object" or (len(candidates) == 1 and not candidates[0].is_open):
            return (), candidates
        tag = self._tag(each, place.is_request)
        tags = [self._tag(other, not place.is_request) for other in candidates]
        if not all((tag, *tags)):
            return tag, candidates
        return tag, [other for other, its in zip(candidates, tags, strict=True) if its == tag]

    def _tag(self, each: Alternative, is_old: bool) -> Tag:
        document = self.old if is_old else self.new
        members = each.facts.get("properties", {})
        found = []
        for name in sorted(each.facts.get("required", frozenset()) & members.keys()):
            words = [other.facts.get("enum", ()) for other in alternatives(document, members[name])]
            if len(words) == 1 and len(words[0]) == 1:
                found.append((name, words[0][0]))
        return tuple(found)

    def _tried(self, narrow: Alternative, wide: Alternative, place: Place) -> Findings:
        """What is found if the two are each other's counterparts."""
        trial = place.apart()
        old, new = (narrow, wide) if place.is_request else (wide, narrow)
        if old.component and new.component:
            trial.findings.reached.add(self._component(old.component, new.component, place.direction))
        else:
            self._compare_alternative(old, new, trial)
        return trial.findings

    def _is_clean(self, findings: Findings, seen: frozenset[Pair] = frozenset()) -> bool:
        """True if nothing was found, nor in the components of other names that were compared for it."""
        return not findings.found and all(
            pair[0] == pair[1] or pair in seen or self._is_clean(self.components[pair], seen | {pair})
            for pair in findings.reached
        )

    def _compare_alternative(self, old: Alternative, new: Alternative, place: Place) -> None:
        narrow, wide = (old, new) if place.is_request else (new, old)
        for rule, detail in limits_exceeded(narrow, wide, place.direction):
            place.add(rule, detail)
        if narrow.kind == "array":
            self.compare(old.facts.get("items", True), new.facts.get("items", True), place.below("*"))
        if narrow.kind == "object":
            self._compare_members(old, new, place)
            if place.is_request:
                self._compare_request_objects(old, new, place)
            else:
                self._compare_response_objects(old, new, place)

    def _compare_members(self, old: Alternative, new: Alternative, place: Place) -> None:
        """What requests and answers have in common: members of both schemas, the values and the names of a map."""
        before, after = _members(old), _members(new)
        for name in before.keys() & after.keys():
            self.compare(before[name], after[name], place.below(name))
        for name in before.keys() - after.keys():
            place.below(name).add("property-removed", f"`{name}` is gone.")
        values = old.facts.get("additionalProperties"), new.facts.get("additionalProperties")
        names = old.facts.get("propertyNames", True), new.facts.get("propertyNames", True)
        if names != (True, True):
            before_names, after_names = ({"allOf": [{"type": "string"}, each]} for each in names)
            self.compare(before_names, after_names, place.below("propertyNames"))
        if all(isinstance(each, dict) for each in values):
            self.compare(*values, place.below("*"))

    def _compare_request_objects(self, old: Alternative, new: Alternative, place: Place) -> None:
        before, after = _members(old), _members(new)
        for name in _required(new) - _required(old):
            if name in before:
                place.below(name).add("property-became-required", f"`{name}` must now be sent.")
            else:
                place.below(name).add("property-added-required", f"`{name}` is new, and must be sent.")
        others = old.facts.get("additionalProperties", True)
        if others is False:
            return
        allowed = new.facts.get("additionalProperties", True)
        if allowed is False:
            place.add("additional-properties-refused", "Members that it does not name are no longer accepted.")
        elif isinstance(allowed, dict) and not isinstance(others, dict):
            self.compare(True, allowed, place.below("*"))
        if "additionalProperties" in old.facts:
            for name in after.keys() - before.keys():
                self.compare(others, after[name], place.below(name))

    def _compare_response_objects(self, old: Alternative, new: Alternative, place: Place) -> None:
        before, after = _members(old), _members(new)
        for name in _required(old) - _required(new):
            if name in after or name not in before:
                place.below(name).add("property-became-optional", f"`{name}` is no longer always there.")
        promised = old.facts.get("additionalProperties", True)
        given = new.facts.get("additionalProperties", True)
        if given is False and promised is not False and not before:
            place.below("*").add("property-removed", "Members that the document does not name are gone.")
        if isinstance(promised, dict):
            if given is True:
                self.compare(promised, True, place.below("*"))
            for name in after.keys() - before.keys():
                self.compare(promised, after[name], place.below(name))


def _covers(wide: str, narrow: str) -> bool:
    return wide == narrow or (wide == "number" and narrow == "integer")


def _members(each: Alternative) -> dict[str, Any]:
    members: dict[str, Any] = each.facts.get("properties", {})
    return {name: schema for name, schema in members.items() if schema is not False}


def _required(each: Alternative) -> frozenset[str]:
    required: frozenset[str] = each.facts.get("required", frozenset())
    return required


def _described(each: Alternative, tag: Tag) -> str:
    """An alternative in words: by its component, by its tag, or by its kind."""
    if each.component:
        return f"a `{each.component}`"
    if tag:
        return f"an object with {', '.join(f'`{name}` {value!r}' for name, value in tag)}"
    return f"this form of {each.kind}"

"""Comparing two documents: each operation of the old one with the same of the new one."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.contract.comparing import Comparison, Findings, Pair, Place
from tests.contract.documents import Document, JSONObject, Operation, by_media_type, step
from tests.contract.rules import REQUEST, RESPONSE, Break

ANY_KEY = "any"
"""The value of ``x-scope`` where every key will do."""
ANSWERS = "#/components/responses/"
# How a parameter is written where the document does not say (OpenAPI 3.1, 4.8.12.2).
STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}


def breaks_between(old: JSONObject, new: JSONObject) -> list[Break]:
    """Everything in the new document that would break a client of the old one, in a steady order."""
    return sorted(_Breaks(Document(old), Document(new)).all())


class _Breaks:
    def __init__(self, old: Document, new: Document) -> None:
        self.old, self.new = old, new
        self.comparison = Comparison(old, new)

    def all(self) -> Iterator[Break]:
        webhooks = self.old.webhooks()
        before, after = self.old.operations() | webhooks, self.new.operations() | self.new.webhooks()
        reaching: dict[Pair, set[str]] = {}
        for key, operation in before.items():
            findings = Findings()
            if key not in after:
                findings.add("operation-removed", "#", "The operation is gone.")
            elif key in webhooks:
                self._compare_webhook(operation, after[key], findings)
            else:
                self._compare(operation, after[key], findings)
            for rule, pointer, detail in findings.found:
                yield Break(operation.name, rule, pointer, detail, (operation.name,))
            for pair in self._all_reached(findings):
                reaching.setdefault(pair, set()).add(operation.name)
        for pair, names in reaching.items():
            for rule, pointer, detail in self.comparison.components[pair].found:
                place = pair[0] if pair[0] == pair[1] else f"{pair[0]} → {pair[1]}"
                yield Break(place, rule, pointer, detail, tuple(sorted(names)))
        yield from self._of_servers(before)

    def _all_reached(self, findings: Findings) -> set[Pair]:
        """The components that a place refers to, and those that they refer to."""
        found, waiting = set[Pair](), [*findings.reached]
        while waiting:
            pair = waiting.pop()
            if pair not in found:
                found.add(pair)
                waiting += self.comparison.components[pair].reached
        return found

    def _of_servers(self, operations: Mapping[str, Operation]) -> Iterator[Break]:
        names = tuple(sorted(each.name for each in operations.values()))
        before, after = (
            [each["url"] for each in document.content.get("servers", [{"url": "/"}])]
            for document in (self.old, self.new)
        )
        for url in before:
            if url not in after:
                pointer = f"#/servers/{step(url)}"
                yield Break("every operation", "server-removed", pointer, f"`{url}` is no longer listed.", names)

    def _compare(self, old: Operation, new: Operation, findings: Findings) -> None:
        before, after = old.declared.get("operationId"), new.declared.get("operationId")
        if before and before != after:
            findings.add("operation-id-changed", "#/operationId", f"It was `{before}` and is `{after}`.")
        self._compare_security(old, new, findings)
        self._compare_parameters(old, new, findings)
        self._compare_bodies(old, new, findings)
        self._compare_responses(old, new, findings)

    def _compare_webhook(self, old: Operation, new: Operation, findings: Findings) -> None:
        """A client reads what is sent to it, as it reads an answer."""
        before = self.old.resolved(old.declared.get("requestBody", {}))
        after = self.new.resolved(new.declared.get("requestBody", {}))
        self._compare_content(before, after, Place(RESPONSE, "#/requestBody", findings))

    # Who may call.

    def _compare_security(self, old: Operation, new: Operation, findings: Findings) -> None:
        for given in old.security():
            if not any(_is_enough(given, wanted) for wanted in new.security()):
                told = ", ".join(given) or "nobody's credentials"
                findings.add("security-tightened", "#/security", f"{told} was enough, and is not any more.")
            for name in given:
                self._compare_scheme(name, findings)
        before, after = old.declared.get("x-scope", ANY_KEY), new.declared.get("x-scope", ANY_KEY)
        if after not in (ANY_KEY, before):
            findings.add("scope-changed", "#/x-scope", f"It needed the scope `{before}` and needs `{after}`.")

    def _compare_scheme(self, name: str, findings: Findings) -> None:
        before, after = (
            {
                keyword: value
                for keyword, value in document.content["components"]["securitySchemes"].get(name, {}).items()
                if keyword != "description"
            }
            for document in (self.old, self.new)
        )
        if before != after:
            findings.add("security-scheme-changed", f"#/security/{step(name)}", f"It was {before} and is {after}.")

    # What is sent.

    def _compare_parameters(self, old: Operation, new: Operation, findings: Findings) -> None:
        before, after = old.parameters(), new.parameters()
        for key, parameter in before.items():
            pointer = f"#/parameters/{parameter['in']}/{step(parameter['name'])}"
            other = after.get(key)
            if other is None:
                findings.add("request-parameter-removed", pointer, f"`{parameter['name']}` is gone.")
                continue
            if other.get("required") and not parameter.get("required"):
                findings.add("request-parameter-became-required", pointer, "It must now be sent.")
            if _style(parameter) != _style(other):
                detail = f"It was written as {_style(parameter)} and is as {_style(other)}."
                findings.add("request-parameter-style-changed", pointer, detail)
            self.comparison.compare(_schema(parameter), _schema(other), Place(REQUEST, pointer, findings))
        for key, parameter in after.items():
            if key not in before and parameter.get("required"):
                pointer = f"#/parameters/{parameter['in']}/{step(parameter['name'])}"
                findings.add("request-parameter-added-required", pointer, "It is new, and must be sent.")

    def _compare_bodies(self, old: Operation, new: Operation, findings: Findings) -> None:
        before = self.old.resolved(old.declared.get("requestBody"))
        after = self.new.resolved(new.declared.get("requestBody"))
        if before is None:
            if after is not None and after.get("required"):
                findings.add("request-body-added-required", "#/requestBody", "A body must now be sent.")
            return
        if after is None:
            findings.add("request-body-removed", "#/requestBody", "No body is read any more.")
            return
        if after.get("required") and not before.get("required"):
            findings.add("request-body-became-required", "#/requestBody", "A body must now be sent.")
        self._compare_content(before, after, Place(REQUEST, "#/requestBody", findings))

    # What is answered.

    def _compare_responses(self, old: Operation, new: Operation, findings: Findings) -> None:
        answers = new.declared.get("responses", {})
        for status, answer in old.declared.get("responses", {}).items():
            pointer = f"#/responses/{status}"
            other = answers.get(status, answers.get(f"{status[0]}XX", answers.get("default")))
            if other is None:
                findings.add("response-status-removed", pointer, f"Nothing is answered with {status} any more.")
                continue
            names = _answer_name(answer), _answer_name(other)
            if names[0] and names[1]:
                findings.reached.add(self._shared_answer(names[0], names[1]))
            else:
                self._compare_answer(self.old.resolved(answer), self.new.resolved(other), pointer, findings)

    def _shared_answer(self, old: str, new: str) -> Pair:
        """Compare two answers that are components, once for all operations that have them."""
        pair, known = (old, new, ANSWERS), self.comparison.components
        if pair not in known:
            known[pair] = Findings()
            answers = self.old.target(f"{ANSWERS}{step(old)}"), self.new.target(f"{ANSWERS}{step(new)}")
            self._compare_answer(*answers, "#", known[pair])
        return pair

    def _compare_answer(self, old: JSONObject, new: JSONObject, pointer: str, findings: Findings) -> None:
        self._compare_headers(old, new, pointer, findings)
        self._compare_content(old, new, Place(RESPONSE, pointer, findings))

    def _compare_headers(self, old: JSONObject, new: JSONObject, pointer: str, findings: Findings) -> None:
        before, after = (
            {name.lower(): (name, document.resolved(each)) for name, each in answer.get("headers", {}).items()}
            for document, answer in ((self.old, old), (self.new, new))
        )
        for key, (name, header) in before.items():
            place = Place(RESPONSE, f"{pointer}/headers/{step(name)}", findings)
            if key not in after:
                place.add("header-removed", f"`{name}` is gone.")
                continue
            other = after[key][1]
            if header.get("required") and not other.get("required"):
                place.add("header-became-optional", f"`{name}` is no longer always there.")
            self.comparison.compare(_schema(header), _schema(other), place)

    def _compare_content(self, old: JSONObject, new: JSONObject, place: Place) -> None:
        before, after = by_media_type(old.get("content", {})), by_media_type(new.get("content", {}))
        for name, media_type in before.items():
            inner = place.below(name) if len(before) > 1 else place
            if name in after:
                self.comparison.compare(_schema(media_type), _schema(after[name]), inner)
            else:
                place.below(name).add("media-type-removed", f"`{name}` is gone.")


def _is_enough(given: Mapping[str, list[str]], wanted: Mapping[str, list[str]]) -> bool:
    """True if who has the given credentials and scopes has all that are wanted."""
    return all(scheme in given and set(scopes) <= set(given[scheme]) for scheme, scopes in wanted.items())


def _answer_name(answer: JSONObject) -> str | None:
    reference: str = answer.get("$ref", "")
    return reference.removeprefix(ANSWERS) if reference.startswith(ANSWERS) else None


def _schema(holder: Mapping[str, Any]) -> Any:
    """The schema of a parameter, header or media type; those that have a ``content`` have one media type."""
    if "content" in holder:
        holder = next(iter(holder["content"].values()), {})
    return holder.get("schema", True)


def _style(parameter: Mapping[str, Any]) -> str:
    """How a parameter is written, with what holds where nothing is said."""
    if "content" in parameter:
        return ", ".join(parameter["content"])
    style = parameter.get("style", STYLES[parameter["in"]])
    explode = parameter.get("explode", style == "form")
    flags = [name for name in ("allowReserved", "allowEmptyValue") if parameter.get(name)]
    return " ".join([style, "exploded" if explode else "in one value", *flags])

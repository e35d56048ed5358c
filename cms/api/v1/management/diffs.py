"""The differences between two revisions of an entry, for every type: as a JSON Patch, and word by word."""

from collections.abc import Iterator, Mapping
from typing import Any

from cms.api.http import fields
from cms.api.http.contract import operation, problems, query, returns, scope
from cms.api.http.fields import Schema
from cms.api.http.loading import pointer
from cms.api.http.responses import Answer
from cms.api.v1.management.revisions import Revision, revision_documents
from cms.api.v1.schemas import TEXT, fields_of, item_of, made
from cms.api.v1.type_endpoint import TypeEndpoint, TypeRoutes
from cms.content.editing import drafts
from cms.content.editing.diffs import json_patch, word_diff
from cms.content.editing.drafts import Draft
from cms.content.renditions import to_content
from cms.errors import Conflict, Fault, NotFound

STATE_PATTERN = r"^(live|draft|[1-9][0-9]{0,8})$"


def _state(default: str) -> fields.Line:
    text = "`live`, `draft`, or the number of a revision."
    return fields.Line(9, pattern=STATE_PATTERN, load_default=default, description=text, example=default)


DiffQuery = made(
    "DiffQuery",
    "The two revisions that are compared.",
    {"is_query": True, "from": _state("live"), "to": _state("draft")},
)


class WordRun(Schema):
    """A run of text that is in both revisions (`equal`), only in `to` (`insert`), or only in `from` (`delete`)."""

    op = fields.Choice("equal", "insert", "delete", required=True)
    text = fields.Delivered(TEXT, required=True, example="A quiet ")


class TextDiff(Schema):
    """A text that differs: its `equal` and `delete` runs are the text in `from`, `equal` and `insert` that in `to`."""

    pointer = fields.Delivered(
        TEXT,
        required=True,
        example="#/title",
        description="The place of the text. For a rich text, `#/body` is its plain text, `#/body/source` its source.",
    )
    runs = fields.Many(fields.Group(WordRun), required=True, most=1_000_000)


PATCH_SCHEMA = {
    "type": "object",
    "required": ["op", "path"],
    "properties": {
        "op": {"type": "string", "enum": ["add", "remove", "replace", "move"]},
        "path": TEXT,
        "from": TEXT,
        "value": {},
    },
}
Diff = made(
    "Diff",
    "The differences between two revisions of an entry.",
    {
        "from": fields.Group(Revision, required=True),
        "to": fields.Group(Revision, required=True),
        "patch": fields.Many(
            fields.Delivered(PATCH_SCHEMA, example={"op": "replace", "path": "/title", "value": "A quiet morning"}),
            required=True,
            most=1_000_000,
            description="A JSON Patch (RFC 6902) from the content of `from` to that of `to`.",
        ),
        "texts": fields.Many(
            fields.Group(TextDiff), required=True, most=10_000, description="Each text that differs, word by word."
        ),
    },
)
DiffItem = item_of(Diff)


class EntryDiff(TypeEndpoint):
    """The comparison of two revisions."""

    @scope("content:preview")
    @operation("diff{Type}")
    @query(DiffQuery)
    @returns(200, DiffItem)
    @problems("not-found", "conflict")
    def get(self, connection: Any, query: dict[str, Any], entry_id: str) -> Answer:
        """Compare two revisions: by default the live one with the draft."""
        draft = drafts.find_draft(connection, self.kind, entry_id)
        before, after = (_revision(connection, draft, name, query[name]) for name in ("from", "to"))
        old, new = to_content(before), to_content(after)
        texts = {
            **dict(_texts(fields_of(self.resource.written), old, new, ())),
            **dict(_rich_texts(self.kind.bodies, before.bodies, after.bodies)),
        }
        described = revision_documents(connection, [before, after])
        document = {
            **dict(zip(("from", "to"), described, strict=True)),
            "patch": json_patch(old, new),
            "texts": [
                {"pointer": pointer(path), "runs": word_diff(*both)}
                for path, both in texts.items()
                if both[0] != both[1]
            ],
        }
        return Answer({"data": document})


def _revision(connection: Any, draft: Draft, parameter: str, name: str) -> Any:
    """The revision that a parameter names; raises ``NotFound``, or ``Conflict`` for ``live`` if nothing is live."""
    if name == "live":
        if draft.standing.status != "published" or draft.standing.revision is None:
            detail = f"This entry is not live. Use a revision from 1 to {draft.entry.version}."
            raise Conflict("This entry is not live.", Fault("not_live", detail, parameter=parameter))
        number = draft.standing.revision
    else:
        number = draft.entry.version if name == "draft" else int(name)
    try:
        return drafts.find_revision(connection, draft.entry.id, number)
    except NotFound:
        newest = f"There is no such revision. The newest is {draft.entry.version}."
        raise NotFound(Fault("unknown_revision", newest, parameter=parameter)) from None


Text = tuple[tuple[str, ...], tuple[str, str]]
"""The path of a text, and the text before and after; a missing text is empty."""


def _texts(declared: Mapping[str, fields.Field], before: Any, after: Any, path: tuple[str, ...]) -> Iterator[Text]:
    """The lines of free text, also those in groups and in lists of groups."""
    for name, field in declared.items():
        old, new, here = (before or {}).get(name), (after or {}).get(name), (*path, name)
        if isinstance(field, fields.Group):
            yield from _texts(fields_of(type(field.schema)), old, new, here)
        elif isinstance(field, fields.Many) and isinstance(field.inner, fields.Group):
            olds, news = old or [], new or []
            for position in range(max(len(olds), len(news))):
                was, now = (each[position] if position < len(each) else None for each in (olds, news))
                yield from _texts(fields_of(type(field.inner.schema)), was, now, (*here, str(position)))
        elif type(field) is fields.Line and field.pattern is None:
            yield here, (old or "", new or "")


def _rich_texts(names: tuple[str, ...], before: Any, after: Any) -> Iterator[Text]:
    """The plain text of each rich text, and its source if that is a string in both revisions."""
    for name in names:
        old, new = before.get(name), after.get(name)
        yield (name,), (old["text"] if old else "", new["text"] if new else "")
        sources = tuple(each["source"] if each else "" for each in (old, new))
        if all(isinstance(each, str) for each in sources):
            yield (name, "source"), sources  # type: ignore[misc]


ROUTES: TypeRoutes = (("/<entry_id>/diff", EntryDiff),)

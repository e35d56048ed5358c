"""The answers of management about a draft, for every type: the draft itself, and the answer to a write."""

from functools import partial
from typing import Any

from cms.api.http.fields import Schema
from cms.api.http.responses import Answer
from cms.api.v1.schemas import ContentResource, item_of, list_of, write_of
from cms.api.versions import V1
from cms.content.counter import entity_tag
from cms.content.editing import drafts
from cms.content.editing.drafts import Draft, read_drafts
from cms.content.editing.readiness import warnings_about
from cms.content.editing.write import Write

ETAG = "The entity tag, for `If-Match` of the next change."
OVERRIDE = "The reason to publish although a blocking check fails (`not-ready`); the audit log keeps it."


def draft_item(resource: ContentResource) -> type[Schema]:
    """The schema of the answer with one draft."""
    return item_of(resource.managed)


def draft_list(resource: ContentResource) -> type[Schema]:
    """The schema of a page of drafts."""
    return list_of(resource.managed)


def written_draft(resource: ContentResource) -> type[Schema]:
    """The schema of the answer to a write."""
    return write_of(resource.managed)


def slug_problems(resource: ContentResource) -> tuple[str, ...]:
    """The problems of a write that sets the slug, for types with slugs."""
    return ("slug-taken",) if resource.type.has_slug else ()


def write_answer(write: Write, resource: ContentResource, entry: Any, status: int = 200) -> Answer:
    """The answer to a write: the draft as it is now, its entity tag, and warnings."""
    write.session.flush()
    (draft,) = read_drafts(write.session, resource.type, [entry], write.at)
    document = {"data": draft_document(resource, draft), "warnings": warnings_on(write, resource, draft)}
    return Answer(document, status, {"ETag": quoted(entry.changed)}, partial(_present_document, resource, entry.id))


def creation_answer(write: Write, resource: ContentResource, entry: Any) -> Answer:
    """The answer to a write that created the entry."""
    answer = write_answer(write, resource, entry, 201)
    location = f"{V1.management}/{resource.type.plural}/{entry.id}"
    return Answer(answer.document, 201, {**answer.headers, "Location": location})


def _present_document(resource: ContentResource, entry_id: str, connection: Any) -> dict[str, Any]:
    return draft_document(resource, drafts.find_draft(connection, resource.type, entry_id))


def draft_document(resource: ContentResource, draft: Draft) -> dict[str, Any]:
    """The JSON document of a draft."""
    entry, standing = draft.entry, draft.standing
    return {
        "id": entry.id,
        "type": entry.type,
        **written_fields(resource, draft.content),
        "version": entry.version,
        "status": standing.status,
        "has_unpublished_changes": standing.has_unpublished_changes,
        "live_from": standing.live_from,
        "live_until": standing.live_until,
        "created_at": entry.created_at,
        "updated_at": entry.updated_at,
        "created_by": draft.created_by and {"id": draft.created_by[0], "name": draft.created_by[1]},
        "trashed_at": entry.trashed_at,
        "etag": quoted(entry.changed),
    }


def written_fields(resource: ContentResource, content: dict[str, Any]) -> dict[str, Any]:
    """The content of a draft, in the form in which editors write it."""
    declared = resource.written().dump_fields
    return {name: field.serialize(name, content) for name, field in declared.items() if name in content}


def quoted(changed: int) -> str:
    """The entity tag in quotation marks, as the header and the field have it."""
    return f'"{entity_tag(changed)}"'


def warnings_on(
    write: Write, resource: ContentResource, draft: Draft, revision: int | None = None
) -> list[dict[str, Any]]:
    """The warnings about a revision, by default the draft, as JSON documents."""
    return [
        {"pointer": each.pointer, "code": each.code, "detail": each.detail}
        for each in warnings_about(write, resource.type, draft, revision)
    ]

"""Management of working copies, for every type: create, read, list, change, trash."""

import re
from functools import partial
from typing import Any

from flask import Response

from cms.api import entry_fields
from cms.api.http import fields
from cms.api.http.conditional import expected_tags, must_be_new, tags_if_any
from cms.api.http.contract import (
    JSON,
    MERGE_PATCH,
    body,
    conditional,
    creates,
    operation,
    optionally_conditional,
    problems,
    query,
    returns,
    scope,
)
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import ID_PATTERN, Schema
from cms.api.http.loading import load
from cms.api.http.merge_patch import merge_patch
from cms.api.http.negotiation import preferred
from cms.api.http.pagination import LIMIT, LIMIT_AT_MOST, page, read_cursor
from cms.api.http.problems import InvalidParameter, PreconditionRequired
from cms.api.http.responses import Answer
from cms.api.languages import languages
from cms.api.services import services
from cms.api.v1.delivery.entries import QUERY_LENGTH, filter_parameters
from cms.api.v1.management.markdown_form import also_answered, also_read, markdown_response
from cms.api.v1.schemas import ContentResource, item_of, list_of, made, write_of
from cms.content.counter import entity_tag
from cms.content.editing import actions, draft_lists, drafts, publishing, replacing
from cms.content.editing.draft_lists import DraftQuery
from cms.content.editing.drafts import Draft, read_drafts
from cms.content.editing.preconditions import changed_meanwhile
from cms.content.editing.readiness import warnings_about
from cms.content.editing.write import Write
from cms.content.published.moment import read_moment
from cms.errors import Conflict, Fault, Invalid, NotFound, PreconditionFailed

ETAG = "For `If-Match` of the next change."
SEARCHED = 'Words that must occur, `"phrases"`, and `-word` for what must not; the newest 2,000 drafts that match.'
OVERRIDE = "Why to publish in spite of what the site has block it (`not-ready`); the audit log then keeps it."


class PublishQuery(Schema):
    """Parameters of a write."""

    is_query = True

    publish = fields.Flag(load_default=False, description="Publish at once; needs `content:publish`.", example=False)
    override_reason = fields.Line(500, load_default=None, description=OVERRIDE)


class DeleteQuery(Schema):
    """Parameters of a deletion."""

    is_query = True

    purge = fields.Flag(
        load_default=False, description="Erase the entry and its history; needs `content:purge`.", example=False
    )
    force = fields.Flag(load_default=False, description="Even though other entries refer to it.", example=False)
    replace_with = entry_fields.EntryName(
        load_default=None,
        description="Id or slug of an entry of the same type, which all that refers to this one refers to from then "
        "on, what is live included; not beside `force`.",
    )


def entry_routes(resource: ContentResource) -> list[tuple[str, str, type[Endpoint]]]:
    """The management routes of one type, as tag, path and endpoint."""
    kind, title = resource.type, resource.name
    plural = kind.plural
    managed_schema = resource.managed
    written_schema = write_of(managed_schema)
    taken = ("slug-taken",) if kind.has_slug else ()

    class Entries(Endpoint):
        @scope("content:preview")
        @operation(f"listManaged{title}s")
        @query(list_query(resource))
        @returns(200, list_of(managed_schema), Link="`next` and `first` (RFC 8288).")
        def get(self, connection: Any, query: dict[str, Any]) -> Answer:
            return _listed(resource, connection, query)

        @scope("content:write")
        @operation(f"create{title}")
        @query(PublishQuery)
        @body(resource.written, example=resource.example, also=also_read(resource))
        @returns(201, written_schema, Location="The new entry.", ETag=ETAG)
        @problems(*taken, "not-ready")
        def post(self, write: Write, query: dict[str, Any], body: dict[str, Any]) -> Answer:
            entry = actions.create(write, kind, body, note=body.pop("note"))
            _publish_if_asked(write, resource, entry, query)
            return created(write, resource, entry)

    class Entry(Endpoint):
        @scope("content:preview")
        @operation(f"getManaged{title}")
        @returns(200, item_of(managed_schema), also=also_answered(resource), ETag=ETAG)
        @problems("not-found")
        def get(self, connection: Any, entry_id: str) -> Answer | Response:
            return _found(resource, connection, entry_id)

        @scope("content:write")
        @operation(f"replace{title}")
        @query(PublishQuery)
        @body(resource.written, example=resource.example, also=also_read(resource))
        @returns(200, written_schema, ETag=ETAG)
        @returns(201, written_schema, Location="The new entry.", ETag=ETAG)
        @problems(*taken, "conflict", "not-found", "not-ready")
        @conditional
        @creates
        def put(self, write: Write, query: dict[str, Any], body: dict[str, Any], entry_id: str) -> Answer:
            note = body.pop("note")
            if must_be_new():
                _check_free(write, entry_id)
                entry = actions.create(write, kind, body, note=note, entry_id=entry_id)
                _publish_if_asked(write, resource, entry, query)
                return created(write, resource, entry)
            try:
                entry = actions.find(write, kind, entry_id)
            except NotFound:
                _refuse_creation(write, entry_id)
                raise
            actions.expect(write, entry, expected_tags())
            # A replacement without a slug keeps the one that the entry has; its locale is fixed.
            actions.save(write, kind, entry, body, note=note)
            _publish_if_asked(write, resource, entry, query)
            return written(write, resource, entry)

        @scope("content:write")
        @operation(f"update{title}")
        @query(PublishQuery)
        @body(resource.written, media_type=MERGE_PATCH, example=_patch_example(resource))
        @returns(200, written_schema, ETag=ETAG)
        @problems(*taken, "not-found", "not-ready", "validation-error")
        @conditional
        def patch(self, write: Write, query: dict[str, Any], body: Any, entry_id: str) -> Answer:
            entry = actions.find(write, kind, entry_id)
            actions.expect(write, entry, expected_tags())
            (copy,) = read_drafts(write.session, kind, [entry], write.at)
            schema = resource.written()
            content = load(schema, _patched(resource, schema, copy, body))
            actions.save(write, kind, entry, content, note=content.pop("note"))
            _publish_if_asked(write, resource, entry, query)
            return written(write, resource, entry)

        @scope("content:write")
        @operation(f"delete{title}")
        @query(DeleteQuery)
        @returns(204, description="In the trash, or erased.")
        @problems("not-found", "conflict")
        @conditional
        def delete(self, write: Write, query: dict[str, Any], entry_id: str) -> Answer:
            entry = actions.find(write, kind, entry_id, trashed=None if query["purge"] else False)
            actions.expect(write, entry, expected_tags())
            _replace_if_asked(write, resource, entry, query)
            if query["purge"]:
                actions.purge(write, kind, entry, force=query["force"])
            else:
                actions.trash(write, kind, entry, force=query["force"])
            return Answer(status=204)

    class Undelete(Endpoint):
        @scope("content:write")
        @operation(f"undelete{title}")
        @returns(200, written_schema, ETag=ETAG)
        @problems("not-found")
        @optionally_conditional
        def post(self, write: Write, entry_id: str) -> Answer:
            entry = actions.find(write, kind, entry_id, trashed=True)
            actions.expect(write, entry, tags_if_any())
            actions.undelete(write, kind, entry)
            return written(write, resource, entry)

    Entries.get.__doc__ = f"List working copies of {plural.replace('-', ' ')}."
    Entries.post.__doc__ = f"Create {_a(resource)} as a draft."
    Entry.get.__doc__ = f"Get the working copy of {_a(resource)}."
    Entry.put.__doc__ = f"Replace {_a(resource)}, or create one under an id of your own with `If-None-Match: *`."
    Entry.patch.__doc__ = f"Change fields of {_a(resource)} (RFC 7396); a change of nothing makes no revision."
    Entry.delete.__doc__ = f"Move {_a(resource)} to the trash, or erase it."
    Undelete.post.__doc__ = f"Take {_a(resource)} out of the trash, as a draft."
    path = f"/api/v1/manage/{plural}"
    tag = f"manage {plural}"
    return [
        (tag, path, Entries),
        (tag, f"{path}/<entry_id>", Entry),
        (tag, f"{path}/<entry_id>/undelete", Undelete),
    ]


def _a(resource: ContentResource) -> str:
    """The type's name with its article; an abbreviation is said letter by letter, as in ``an FAQ``."""
    name = resource.name
    is_vowel = name[0] in ("AEFHILMNORSX" if name.isupper() else "AEIOU")
    return f"{'an' if is_vowel else 'a'} {resource.type.name.replace('-', ' ')}"


def list_query(resource: ContentResource) -> type[Schema]:
    """The query schema of a type's list of working copies."""
    kind = resource.type
    declared: dict[str, Any] = {"is_query": True}
    if kind.has_locales:
        declared["locale"] = fields.Locale(description="One language; else all.")
    for each in draft_lists.filters_of(kind):
        declared |= filter_parameters(each)
    declared["id"] = fields.Many(fields.Id(), most=LIMIT_AT_MOST, description="Repeat for several.")
    if kind.has_slug:
        declared["slug"] = fields.Many(entry_fields.Slug(), most=LIMIT_AT_MOST, description="Repeat for several.")
    if kind.searched is not None:
        declared["q"] = fields.Line(QUERY_LENGTH, description=SEARCHED, example="glue")
    declared["status"] = fields.Many(
        fields.Choice("draft", "scheduled", "published", "unpublished"),
        most=4,
        commas=True,
        description="Comma list or repeated.",
    )
    declared["has_unpublished_changes"] = fields.Flag()
    declared["trashed"] = fields.Flag(load_default=False, description="The trash instead.", example=False)
    declared["sort"] = fields.Choice(
        *draft_lists.sorts_of(kind),
        load_default="-updated_at",
        description="`-` means descending; ties go by id, and what has no such date comes last.",
    )
    declared["limit"] = fields.Whole(1, LIMIT_AT_MOST, load_default=LIMIT, example=20)
    declared["cursor"] = fields.Line(2000, description="`page.next` of the page before.")
    declared["include_total"] = fields.Flag(load_default=False, description="Count all that match.", example=False)
    return made(f"Managed{resource.name}ListQuery", "", declared)


def _listed(resource: ContentResource, connection: Any, given: dict[str, Any]) -> Answer:
    """A page of working copies; raises ``InvalidParameter``."""
    if given.get("q") is not None and given["trashed"]:
        raise InvalidParameter(Fault("excluded", "What is in the trash is not searched.", parameter="q"))
    moment = read_moment(connection, services().settings.public_url)
    # What is written in a language that the site has no more is listed still.
    locale = given.get("locale") if given.get("locale") in moment.site.locales else None
    asked = DraftQuery(
        filters=given,
        chain=languages(moment.site, locale, all_of_them=True),
        sort=given["sort"],
        after=read_cursor(given.get("cursor"), given),
        limit=given["limit"],
        total=given["include_total"],
    )
    copies, following, total = draft_lists.list_drafts(connection, resource.type, asked, moment.at)
    document, headers = page([represent(resource, each) for each in copies], given, following, total)
    return Answer(document, headers=headers)


def _found(resource: ContentResource, connection: Any, entry_id: str) -> Answer | Response:
    """A working copy in the form that the client prefers."""
    copy = drafts.find_entry(connection, resource.type, entry_id)
    if preferred(JSON, *also_answered(resource)) != JSON:
        content = _to_written(resource, drafts.with_slugs(connection, resource.type, copy))
        return markdown_response(resource, copy, content, quoted(copy.entry.changed))
    document = represent(resource, copy)
    return Answer({"data": document}, headers={"ETag": document["etag"]})


def _patch_example(resource: ContentResource) -> dict[str, Any]:
    name = next(iter(resource.example))
    return {name: resource.example[name], "note": "One field changed."}


def _patched(resource: ContentResource, schema: Schema, copy: Draft, patch: Any) -> Any:
    """The written document with the patch applied; what a patched field stands in for is cleared."""
    current = dict(copy.content)
    if isinstance(patch, dict):
        for name in patch.keys() & resource.type.supersedes.keys():
            for other in set(resource.type.supersedes[name]) - patch.keys():
                current[other] = None
    return merge_patch(_to_written(resource, current), patch, schema)


def _to_written(resource: ContentResource, content: dict[str, Any]) -> dict[str, Any]:
    """A working copy in the form in which it is written."""
    declared = resource.written().dump_fields
    return {name: field.serialize(name, content) for name, field in declared.items() if name in content}


def _check_free(write: Write, entry_id: str) -> None:
    if re.fullmatch(ID_PATTERN, entry_id) is None:
        raise NotFound
    holder = _check_not_gone(write, entry_id)
    if holder is None:
        return
    raise changed_meanwhile(write.session, "There is an entry with this id already.", holder.changed, [])


def _check_not_gone(write: Write, entry_id: str) -> Any:
    """The entry that has this id, if there is one; raises ``Conflict`` if it is in the trash or was erased."""
    holder = actions.holder_of(write, entry_id)
    if holder is None and actions.is_purged(write, entry_id):
        raise Conflict("An entry with this id was erased; choose another id.")
    if holder is not None and holder.trashed_at is not None:
        raise Conflict("An entry in the trash has this id; take it out first.")
    return holder


def _refuse_creation(write: Write, entry_id: str) -> None:
    """Say how a PUT creates, where the id is free; one that claims to know an entity tag is out of date."""
    if re.fullmatch(ID_PATTERN, entry_id) is None:
        return
    _check_not_gone(write, entry_id)
    try:
        expected_tags()
    except PreconditionRequired:
        raise PreconditionRequired("Nothing has this id; send If-None-Match: * to create it.") from None
    raise PreconditionFailed("Nothing has this id; send If-None-Match: * to create it.")


def _publish_if_asked(write: Write, resource: ContentResource, entry: Any, query: dict[str, Any]) -> None:
    if query["publish"]:
        publishing.publish(write, resource.type, entry, keep_end=True, override_reason=query["override_reason"])


def _replace_if_asked(write: Write, resource: ContentResource, entry: Any, query: dict[str, Any]) -> None:
    """Let all that refers to the entry refer to another; whoever changes what is live or planned must be able to."""
    if not query["replace_with"]:
        return
    if query["force"]:
        detail = "Either others are changed to refer to something else, or they are left as they are."
        raise InvalidParameter(Fault("excluded", detail, parameter="force"))
    try:
        replacing.replace_references(write, resource.type, entry, query["replace_with"])
    except Invalid as error:
        raise InvalidParameter(*error.faults) from None


def represent(resource: ContentResource, copy: Draft) -> dict[str, Any]:
    """A working copy on the wire."""
    entry, standing = copy.entry, copy.standing
    values: dict[str, Any] = {
        "id": entry.id,
        "type": entry.type,
        **_to_written(resource, copy.content),
        "version": entry.version,
        "status": standing.status,
        "has_unpublished_changes": standing.has_unpublished_changes,
        "live_from": standing.live_from,
        "live_until": standing.live_until,
        "created_at": entry.created_at,
        "updated_at": entry.updated_at,
        "created_by": copy.created_by and {"id": copy.created_by[0], "name": copy.created_by[1]},
        "trashed_at": entry.trashed_at,
        "etag": quoted(entry.changed),
    }
    return values


def quoted(changed: int) -> str:
    """The entity tag as the header and the field show it."""
    return f'"{entity_tag(changed)}"'


def written(write: Write, resource: ContentResource, entry: Any, status: int = 200) -> Answer:
    """The answer of a write: the working copy as it is now, its entity tag, and warnings."""
    write.session.flush()
    (copy,) = read_drafts(write.session, resource.type, [entry], write.at)
    document = {"data": represent(resource, copy), "warnings": warnings_on(write, resource, copy)}
    return Answer(document, status, {"ETag": quoted(entry.changed)}, partial(_present, resource, entry.id))


def _present(resource: ContentResource, entry_id: str, connection: Any) -> dict[str, Any]:
    return represent(resource, drafts.find_entry(connection, resource.type, entry_id))


def warnings_on(
    write: Write, resource: ContentResource, copy: Draft, revision: int | None = None
) -> list[dict[str, Any]]:
    """What is worth knowing about a revision, the working copy by default, on the wire."""
    return [
        {"pointer": each.pointer, "code": each.code, "detail": each.detail}
        for each in warnings_about(write, resource.type, copy, revision)
    ]


def created(write: Write, resource: ContentResource, entry: Any) -> Answer:
    """The answer of a creation."""
    answer = written(write, resource, entry, 201)
    location = f"/api/v1/manage/{resource.type.plural}/{entry.id}"
    return Answer(answer.document, 201, {**answer.headers, "Location": location})

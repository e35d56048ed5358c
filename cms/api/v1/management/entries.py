"""Management of drafts, for every type: create, read, list, change, trash."""

import re
from operator import attrgetter
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
from cms.api.v1.management.answers import (
    ETAG,
    OVERRIDE,
    creation_answer,
    draft_document,
    draft_item,
    draft_list,
    quoted,
    slug_problems,
    write_answer,
    written_draft,
    written_fields,
)
from cms.api.v1.management.markdown_form import also_answered, also_read, markdown_response
from cms.api.v1.schemas import ContentResource, made
from cms.api.v1.type_endpoint import TypeEndpoint, TypeRoutes
from cms.content.editing import actions, draft_lists, drafts, publishing, replacing
from cms.content.editing.draft_lists import DraftListQuery
from cms.content.editing.drafts import Draft, read_drafts
from cms.content.editing.preconditions import changed_meanwhile
from cms.content.editing.write import Write
from cms.content.published.moment import read_moment
from cms.content.types import ContentType
from cms.errors import Conflict, Fault, Invalid, NotFound, PreconditionFailed

SEARCHED = 'Words that must occur, `"phrases"`, and `-word` for what must not; the newest 2,000 drafts that match.'


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


def list_query(resource: ContentResource) -> type[Schema]:
    """The query schema of a type's list of drafts."""
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


def _patch_example(resource: ContentResource) -> dict[str, Any]:
    name = next(iter(resource.example))
    return {name: resource.example[name], "note": "One field changed."}


entry_body = body(attrgetter("written"), example=attrgetter("example"), also=also_read)
"""A whole entry, as JSON or as Markdown with front matter."""


class Entries(TypeEndpoint):
    """The drafts of a type."""

    @scope("content:preview")
    @operation("listManaged{Type}s")
    @query(list_query)
    @returns(200, draft_list, Link="`next` and `first` (RFC 8288).")
    def get(self, connection: Any, query: dict[str, Any]) -> Answer:
        """List working copies of {plural}."""
        return _page(self.resource, connection, query)

    @scope("content:write")
    @operation("create{Type}")
    @query(PublishQuery)
    @entry_body
    @returns(201, written_draft, Location="The new entry.", ETag=ETAG)
    @problems(slug_problems, "not-ready")
    def post(self, write: Write, query: dict[str, Any], body: dict[str, Any]) -> Answer:
        """Create {a name} as a draft."""
        entry = actions.create(write, self.kind, body, note=body.pop("note"))
        _publish_if_asked(write, self.kind, entry, query)
        return creation_answer(write, self.resource, entry)


class Entry(TypeEndpoint):
    """One draft."""

    @scope("content:preview")
    @operation("getManaged{Type}")
    @returns(200, draft_item, also=also_answered, ETag=ETAG)
    @problems("not-found")
    def get(self, connection: Any, entry_id: str) -> Answer | Response:
        """Get the working copy of {a name}."""
        return _in_preferred_form(self.resource, connection, entry_id)

    @scope("content:write")
    @operation("replace{Type}")
    @query(PublishQuery)
    @entry_body
    @returns(200, written_draft, ETag=ETAG)
    @returns(201, written_draft, Location="The new entry.", ETag=ETAG)
    @problems(slug_problems, "conflict", "not-found", "not-ready")
    @conditional
    @creates
    def put(self, write: Write, query: dict[str, Any], body: dict[str, Any], entry_id: str) -> Answer:
        """Replace {a name}, or create one under an id of your own with `If-None-Match: *`."""
        note = body.pop("note")
        if must_be_new():
            _check_free(write, entry_id)
            entry = actions.create(write, self.kind, body, note=note, entry_id=entry_id)
            _publish_if_asked(write, self.kind, entry, query)
            return creation_answer(write, self.resource, entry)
        entry = _find_or_refuse_creation(write, self.kind, entry_id)
        actions.check_precondition(write, entry, expected_tags())
        # A replacement without a slug keeps the one that the entry has; its locale is fixed.
        actions.save(write, self.kind, entry, body, note=note)
        _publish_if_asked(write, self.kind, entry, query)
        return write_answer(write, self.resource, entry)

    @scope("content:write")
    @operation("update{Type}")
    @query(PublishQuery)
    @body(attrgetter("written"), media_type=MERGE_PATCH, example=_patch_example)
    @returns(200, written_draft, ETag=ETAG)
    @problems(slug_problems, "not-found", "not-ready", "validation-error")
    @conditional
    def patch(self, write: Write, query: dict[str, Any], body: Any, entry_id: str) -> Answer:
        """Change fields of {a name} (RFC 7396); a change of nothing makes no revision."""
        entry = actions.find_entry(write, self.kind, entry_id)
        actions.check_precondition(write, entry, expected_tags())
        (draft,) = read_drafts(write.session, self.kind, [entry], write.at)
        schema = self.resource.written()
        content = load(schema, _patched(self.resource, schema, draft, body))
        actions.save(write, self.kind, entry, content, note=content.pop("note"))
        _publish_if_asked(write, self.kind, entry, query)
        return write_answer(write, self.resource, entry)

    @scope("content:write")
    @operation("delete{Type}")
    @query(DeleteQuery)
    @returns(204, description="In the trash, or erased.")
    @problems("not-found", "conflict")
    @conditional
    def delete(self, write: Write, query: dict[str, Any], entry_id: str) -> Answer:
        """Move {a name} to the trash, or erase it."""
        entry = actions.find_entry(write, self.kind, entry_id, trashed=None if query["purge"] else False)
        actions.check_precondition(write, entry, expected_tags())
        _replace_if_asked(write, self.kind, entry, query)
        if query["purge"]:
            actions.purge(write, self.kind, entry, force=query["force"])
        else:
            actions.trash(write, self.kind, entry, force=query["force"])
        return Answer(status=204)


class Undelete(TypeEndpoint):
    """The way out of the trash."""

    @scope("content:write")
    @operation("undelete{Type}")
    @returns(200, written_draft, ETag=ETAG)
    @problems("not-found")
    @optionally_conditional
    def post(self, write: Write, entry_id: str) -> Answer:
        """Take {a name} out of the trash, as a draft."""
        entry = actions.find_entry(write, self.kind, entry_id, trashed=True)
        actions.check_precondition(write, entry, tags_if_any())
        actions.undelete(write, self.kind, entry)
        return write_answer(write, self.resource, entry)


def _page(resource: ContentResource, connection: Any, given: dict[str, Any]) -> Answer:
    """A page of drafts; raises ``InvalidParameter``."""
    if given.get("q") is not None and given["trashed"]:
        raise InvalidParameter(Fault("excluded", "What is in the trash is not searched.", parameter="q"))
    moment = read_moment(connection, services().settings.public_url)
    # What is written in a language that the site has no more is listed still.
    locale = given.get("locale") if given.get("locale") in moment.site.locales else None
    asked = DraftListQuery(
        filters=given,
        chain=languages(moment.site, locale, all_of_them=True),
        sort=given["sort"],
        after=read_cursor(given.get("cursor"), given),
        limit=given["limit"],
        total=given["include_total"],
    )
    found, following, total = draft_lists.list_drafts(connection, resource.type, asked, moment.at)
    document, headers = page([draft_document(resource, each) for each in found], given, following, total)
    return Answer(document, headers=headers)


def _in_preferred_form(resource: ContentResource, connection: Any, entry_id: str) -> Answer | Response:
    """One draft in the media type that the client prefers."""
    draft = drafts.find_draft(connection, resource.type, entry_id)
    if preferred(JSON, *also_answered(resource)) != JSON:
        content = written_fields(resource, drafts.with_slugs_of_references(connection, resource.type, draft))
        return markdown_response(resource, draft, content, quoted(draft.entry.changed))
    document = draft_document(resource, draft)
    return Answer({"data": document}, headers={"ETag": document["etag"]})


def _patched(resource: ContentResource, schema: Schema, draft: Draft, patch: Any) -> Any:
    """The written document with the patch applied; what a patched field stands in for is cleared."""
    current = dict(draft.content)
    if isinstance(patch, dict):
        for name in patch.keys() & resource.type.supersedes.keys():
            for other in set(resource.type.supersedes[name]) - patch.keys():
                current[other] = None
    return merge_patch(written_fields(resource, current), patch, schema)


def _check_free(write: Write, entry_id: str) -> None:
    if re.fullmatch(ID_PATTERN, entry_id) is None:
        raise NotFound
    holder = _check_not_gone(write, entry_id)
    if holder is None:
        return
    raise changed_meanwhile(write.session, "There is an entry with this id already.", holder.changed, [])


def _check_not_gone(write: Write, entry_id: str) -> Any:
    """The entry that has this id, if there is one; raises ``Conflict`` if it is in the trash or was erased."""
    holder = actions.find_holder(write, entry_id)
    if holder is None and actions.is_purged(write, entry_id):
        raise Conflict("An entry with this id was erased; choose another id.")
    if holder is not None and holder.trashed_at is not None:
        raise Conflict("An entry in the trash has this id; take it out first.")
    return holder


def _find_or_refuse_creation(write: Write, kind: ContentType, entry_id: str) -> Any:
    """The entry to replace; raises ``NotFound``, or what says how a PUT creates where the id is free."""
    try:
        return actions.find_entry(write, kind, entry_id)
    except NotFound:
        _refuse_creation(write, entry_id)
        raise


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


def _publish_if_asked(write: Write, kind: ContentType, entry: Any, query: dict[str, Any]) -> None:
    if query["publish"]:
        publishing.publish(write, kind, entry, keep_end=True, override_reason=query["override_reason"])


def _replace_if_asked(write: Write, kind: ContentType, entry: Any, query: dict[str, Any]) -> None:
    """Let all that refers to the entry refer to another; whoever changes what is live or planned must be able to."""
    if not query["replace_with"]:
        return
    if query["force"]:
        detail = "Either others are changed to refer to something else, or they are left as they are."
        raise InvalidParameter(Fault("excluded", detail, parameter="force"))
    try:
        replacing.replace_references(write, kind, entry, query["replace_with"])
    except Invalid as error:
        raise InvalidParameter(*error.faults) from None


ROUTES: TypeRoutes = (
    ("", Entries),
    ("/<entry_id>", Entry),
    ("/<entry_id>/undelete", Undelete),
)

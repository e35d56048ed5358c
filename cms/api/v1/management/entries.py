"""Management of drafts, for every type: create, read, list, change, delete."""

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

SEARCHED = (
    'Words that must occur, `"phrases"`, and `-word` for words that must not. Only the newest 2,000 matches are listed.'
)


class PublishQuery(Schema):
    """The parameters of a write."""

    is_query = True

    publish = fields.Flag(load_default=False, description="Publish at once; needs `content:publish`.", example=False)
    override_reason = fields.Line(500, load_default=None, description=OVERRIDE)


class DeleteQuery(Schema):
    """The parameters of a deletion."""

    is_query = True

    purge = fields.Flag(
        load_default=False,
        description="Erase the entry with its history instead of moving it to the trash; needs `content:purge`.",
        example=False,
    )
    force = fields.Flag(load_default=False, description="Delete it even if other entries refer to it.", example=False)
    replace_with = entry_fields.EntryName(
        load_default=None,
        description="Id or slug of an entry of the same type that takes its place in all references, also in live "
        "entries; not allowed with `force`.",
    )


def list_query(resource: ContentResource) -> type[Schema]:
    """The query schema of a type's list of drafts."""
    kind = resource.type
    declared: dict[str, Any] = {"is_query": True}
    if kind.has_locales:
        declared["locale"] = fields.Locale(description="Only drafts in this language; by default in all.")
    for each in draft_lists.filters_of(kind):
        declared |= filter_parameters(each)
    declared["id"] = fields.Many(
        fields.Id(), most=LIMIT_AT_MOST, description="Only entries with this id; repeat for several."
    )
    if kind.has_slug:
        declared["slug"] = fields.Many(
            entry_fields.EntrySlug(), most=LIMIT_AT_MOST, description="Only entries with this slug; repeat for several."
        )
    if kind.searched is not None:
        declared["q"] = fields.Line(QUERY_LENGTH, description=SEARCHED, example="glue")
    declared["status"] = fields.Many(
        fields.Choice("draft", "scheduled", "published", "unpublished"),
        most=4,
        commas=True,
        description="Only entries with this status. Comma-separated or repeated.",
    )
    declared["has_unpublished_changes"] = fields.Flag(
        description="True for live or planned entries whose draft is neither; false for all others."
    )
    declared["trashed"] = fields.Flag(load_default=False, description="List the trash instead.", example=False)
    declared["sort"] = fields.Choice(
        *draft_lists.sorts_of(kind),
        load_default="-updated_at",
        description="`-` means descending; ties are ordered by id, and entries without the date come last.",
    )
    declared["limit"] = fields.Whole(
        1, LIMIT_AT_MOST, load_default=LIMIT, example=20, description="The number of items on a page."
    )
    declared["cursor"] = fields.Line(2000, description="`page.next` of the previous page.")
    declared["include_total"] = fields.Flag(
        load_default=False, description="Count all matches, in `page.total`.", example=False
    )
    return made(f"Managed{resource.name}ListQuery", "", declared)


def _patch_example(resource: ContentResource) -> dict[str, Any]:
    name = next(iter(resource.example))
    return {name: resource.example[name], "note": "One field changed."}


entry_body = body(attrgetter("written"), example=attrgetter("example"), also=also_read)
"""Declares the body of a whole entry, as JSON or as Markdown with front matter."""


class Entries(TypeEndpoint):
    """The drafts of a type."""

    @scope("content:preview")
    @operation("listManaged{Type}s")
    @query(list_query)
    @returns(200, draft_list, Link="`next` and `first` (RFC 8288).")
    def get(self, connection: Any, query: dict[str, Any]) -> Answer:
        """List the drafts of {plural}."""
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
        """Get the draft of {a name}."""
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
        """Change fields of {a name} (RFC 7396); without a difference, no revision is made."""
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
    @returns(204, description="The entry is in the trash, or erased.")
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
    """The restoration of an entry from the trash."""

    @scope("content:write")
    @operation("undelete{Type}")
    @returns(200, written_draft, ETag=ETAG)
    @problems("not-found")
    @optionally_conditional
    def post(self, write: Write, entry_id: str) -> Answer:
        """Restore {a name} from the trash, as a draft."""
        entry = actions.find_entry(write, self.kind, entry_id, trashed=True)
        actions.check_precondition(write, entry, tags_if_any())
        actions.undelete(write, self.kind, entry)
        return write_answer(write, self.resource, entry)


def _page(resource: ContentResource, connection: Any, given: dict[str, Any]) -> Answer:
    """A page of drafts; raises ``InvalidParameter``."""
    if given.get("q") is not None and given["trashed"]:
        raise InvalidParameter(
            Fault("excluded", "The trash cannot be searched: leave out `q` or `trashed`.", parameter="q")
        )
    moment = read_moment(connection, services().settings.public_url)
    # Drafts in a language that the site no longer has are still listed.
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
    """The written document with the patch applied.

    Fields that a patched field supersedes are cleared: a new ``handle`` of a social link clears its ``url``.
    """
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
    raise changed_meanwhile(write.session, "An entry with this id exists already.", holder.changed, [])


def _check_not_gone(write: Write, entry_id: str) -> Any:
    """The entry that has this id, if there is one; raises ``Conflict`` if it is in the trash or was erased."""
    holder = actions.find_holder(write, entry_id)
    if holder is None and actions.is_purged(write, entry_id):
        raise Conflict("An entry with this id was erased. Choose another id.")
    if holder is not None and holder.trashed_at is not None:
        raise Conflict("An entry in the trash has this id. Restore it first.")
    return holder


def _find_or_refuse_creation(write: Write, kind: ContentType, entry_id: str) -> Any:
    """The entry to replace; raises ``NotFound``, or if the id is free an error that says how a PUT creates an entry."""
    try:
        return actions.find_entry(write, kind, entry_id)
    except NotFound:
        _refuse_creation(write, entry_id)
        raise


def _refuse_creation(write: Write, entry_id: str) -> None:
    """Raise an error that says how a PUT creates an entry, if the id is free.

    It is ``PreconditionFailed`` for a request that has ``If-Match``, and ``PreconditionRequired`` for others.
    """
    if re.fullmatch(ID_PATTERN, entry_id) is None:
        return
    _check_not_gone(write, entry_id)
    try:
        expected_tags()
    except PreconditionRequired:
        raise PreconditionRequired("There is no entry with this id. Send `If-None-Match: *` to create it.") from None
    raise PreconditionFailed("There is no entry with this id. Send `If-None-Match: *` to create it.")


def _publish_if_asked(write: Write, kind: ContentType, entry: Any, query: dict[str, Any]) -> None:
    if query["publish"]:
        publishing.publish(write, kind, entry, keep_end=True, override_reason=query["override_reason"])


def _replace_if_asked(write: Write, kind: ContentType, entry: Any, query: dict[str, Any]) -> None:
    """Let all references to the entry name another one; live and planned ones need the scope ``content:publish``."""
    if not query["replace_with"]:
        return
    if query["force"]:
        detail = "`force` leaves references as they are, and `replace_with` changes them: leave out one of the two."
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

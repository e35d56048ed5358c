"""The timeline of an entry, for every type: publish, schedule, expire, unpublish."""

from functools import partial
from typing import Any

from cms.api import entry_fields
from cms.api.http import fields
from cms.api.http.conditional import expected_tags
from cms.api.http.contract import body, conditional, operation, problems, query, returns, scope
from cms.api.http.fields import Schema
from cms.api.http.problems import InvalidParameter
from cms.api.http.responses import Answer
from cms.api.v1.management.answers import ETAG, OVERRIDE, quoted, warnings_on
from cms.api.v1.schemas import (
    LIVE_FROM,
    LIVE_UNTIL,
    STATUS,
    UNPUBLISHED_CHANGES,
    ContentResource,
    Warning,
    changes,
    item_of,
)
from cms.api.v1.type_endpoint import TypeEndpoint, TypeRoutes
from cms.content.editing import actions, drafts, publishing, timeline
from cms.content.editing.drafts import read_drafts
from cms.content.editing.write import Write
from cms.content.standing import Standing
from cms.errors import Invalid


class PublicationWrite(Schema):
    """The time in which a revision is live; by default the newest revision, from now on, without an end."""

    live_from = fields.Time(load_default=None, allow_none=True, description="By default now.")
    live_until = fields.Time(load_default=None, allow_none=True, description="By default without an end.", example=None)
    revision = fields.Whole(1, load_default=None, allow_none=True, description="By default the newest.", example=1)
    override_reason = fields.Line(500, load_default=None, allow_none=True, description=OVERRIDE)


class Interval(Schema):
    """One publication of the timeline."""

    id = fields.Id(required=True, description="The id of the publication, to cancel a plan by.")
    revision = fields.Whole(1, required=True, description="The number of its revision.")
    slug = entry_fields.EntrySlug(required=True, allow_none=True, description="The slug in that revision.")
    live_from = fields.Time(required=True)
    live_until = fields.Time(required=True, allow_none=True, description="Null if it has no end.", example=None)
    state = fields.Choice("past", "live", "planned", required=True, example="live")


class Publication(Schema):
    """The state of an entry, and its whole timeline, oldest first."""

    status = fields.Choice(
        "draft", "scheduled", "published", "unpublished", required=True, example="published", description=STATUS
    )
    revision = fields.Whole(
        1, required=True, allow_none=True, description="The live revision, or else the next planned one."
    )
    live_from = fields.Time(required=True, allow_none=True, description=LIVE_FROM)
    live_until = fields.Time(required=True, allow_none=True, example=None, description=LIVE_UNTIL)
    has_unpublished_changes = fields.Flag(required=True, example=False, description=UNPUBLISHED_CHANGES)
    timeline = fields.Many(fields.Group(Interval), required=True, most=10_000)


class PublicationAnswer(Schema):
    """The timeline after a write, with warnings."""

    data = fields.Group(Publication, required=True)
    warnings = fields.Many(fields.Group(Warning), required=True)
    changes = changes()


class UnpublishQuery(Schema):
    """The parameters of unpublishing."""

    is_query = True

    at = fields.Time(description="When to unpublish; by default now.")


PublicationItem = item_of(Publication)


class EntryPublication(TypeEndpoint):
    """The timeline of an entry."""

    @scope("content:preview")
    @operation("get{Type}Publication")
    @returns(200, PublicationItem, ETag=ETAG)
    @problems("not-found")
    def get(self, connection: Any, entry_id: str) -> Answer:
        """Get the timeline of an entry."""
        draft = drafts.find_draft(connection, self.kind, entry_id)
        publications = drafts.timeline_rows(connection, entry_id)
        document = publication_document(publications, draft.standing, draft.at)
        return Answer({"data": document}, headers={"ETag": quoted(draft.entry.changed)})

    @scope("content:publish")
    @operation("publish{Type}")
    @body(PublicationWrite, required=False, example={"live_until": None})
    @returns(200, PublicationAnswer, ETag=ETAG)
    @problems("not-found", "conflict", "slug-taken", "not-ready")
    @conditional
    def put(self, write: Write, body: dict[str, Any], entry_id: str) -> Answer:
        """Publish a revision now or later, for ever or until an instant."""
        entry = actions.find_entry(write, self.kind, entry_id)
        actions.check_precondition(write, entry, expected_tags())
        publishing.publish(write, self.kind, entry, **body)
        return _answer(write, self.resource, entry, body["revision"])

    @scope("content:publish")
    @operation("unpublish{Type}")
    @query(UnpublishQuery)
    @returns(200, PublicationAnswer, ETag=ETAG)
    @problems("not-found")
    @conditional
    def delete(self, write: Write, query: dict[str, Any], entry_id: str) -> Answer:
        """Unpublish an entry now or later; plans after that instant are cancelled."""
        entry = actions.find_entry(write, self.kind, entry_id)
        actions.check_precondition(write, entry, expected_tags())
        try:
            timeline.unpublish(write, self.kind, entry, query.get("at"))
        except Invalid as error:
            raise InvalidParameter(*error.faults) from None
        return _answer(write, self.resource, entry)


class OnePublication(TypeEndpoint):
    """One plan of a timeline."""

    @scope("content:publish")
    @operation("cancel{Type}Publication")
    @returns(200, PublicationAnswer, ETag=ETAG)
    @problems("not-found", "conflict")
    @conditional
    def delete(self, write: Write, entry_id: str, publication_id: str) -> Answer:
        """Cancel one plan of the timeline; the publication that it cut short gets its former end again."""
        entry = actions.find_entry(write, self.kind, entry_id)
        actions.check_precondition(write, entry, expected_tags())
        timeline.cancel(write, self.kind, entry, publication_id)
        return _answer(write, self.resource, entry)


def _answer(write: Write, resource: ContentResource, entry: Any, revision: int | None = None) -> Answer:
    write.session.flush()
    (draft,) = read_drafts(write.session, resource.type, [entry], write.at)
    publications = timeline.timeline(write.session, entry.id)
    document = {
        "data": publication_document(publications, draft.standing, write.at),
        "warnings": warnings_on(write, resource, draft, revision),
    }
    before = partial(_present_document, resource, entry.id)
    return Answer(document, headers={"ETag": quoted(entry.changed)}, before=before)


def _present_document(resource: ContentResource, entry_id: str, connection: Any) -> dict[str, Any]:
    draft = drafts.find_draft(connection, resource.type, entry_id)
    return publication_document(drafts.timeline_rows(connection, entry_id), draft.standing, draft.at)


def publication_document(publications: list[Any], standing: Standing, now: Any) -> dict[str, Any]:
    """The JSON document of a timeline."""
    return {
        "status": standing.status,
        "revision": standing.revision,
        "live_from": standing.live_from,
        "live_until": standing.live_until,
        "has_unpublished_changes": standing.has_unpublished_changes,
        "timeline": [
            {
                **timeline.interval_document(each),
                "slug": each.slug,
                "state": "past" if each.live_until <= now else "live" if each.live_from <= now else "planned",
            }
            for each in publications
        ],
    }


ROUTES: TypeRoutes = (
    ("/<entry_id>/publication", EntryPublication),
    ("/<entry_id>/publication/<publication_id>", OnePublication),
)

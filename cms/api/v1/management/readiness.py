"""The checklist of an entry, for every type: what to fix before it is published, and what blocks publishing."""

from typing import Any

from cms.api.http import fields
from cms.api.http.contract import operation, problems, query, returns, scope
from cms.api.http.fields import Schema
from cms.api.http.responses import Answer
from cms.api.services import services
from cms.api.v1.schemas import TEXT, item_of
from cms.api.v1.type_endpoint import TypeEndpoint, TypeRoutes
from cms.content.editing import drafts
from cms.content.editing.readiness import CHECKS, Point, checklist
from cms.content.published.moment import read_moment


class ReadinessQuery(Schema):
    """The revision to check."""

    is_query = True

    revision = fields.Whole(
        1, load_default=None, description="The number of the revision; by default the draft.", example=1
    )


class Finding(Schema):
    """One place where a check fails."""

    pointer = fields.Delivered(
        TEXT, description="A JSON Pointer into the entry as written.", example="#/hero_image/alt"
    )
    detail = fields.Delivered(TEXT, required=True, example="The image has no text alternative.")


class ReadinessCheck(Schema):
    """One check of the list."""

    code = fields.Choice(*(each.code for each in CHECKS), extensible=True, required=True, example="missing_alt")
    title = fields.Delivered(TEXT, required=True, example="Every image has a text alternative.")
    state = fields.Choice("passed", "failed", required=True, example="failed")
    blocks = fields.Flag(
        required=True, example=False, description="True if it is one of the site's `publish_blockers`."
    )
    findings = fields.Many(fields.Group(Finding), required=True)


class Readiness(Schema):
    """The checks of an entry, with their results."""

    revision = fields.Whole(1, required=True, description="The revision that was checked.")
    ready = fields.Flag(required=True, description="True if it can be published: no blocking check has failed.")
    checks = fields.Many(fields.Group(ReadinessCheck), required=True)


ReadinessItem = item_of(Readiness)


class EntryReadiness(TypeEndpoint):
    """The checklist of an entry."""

    @scope("content:preview")
    @operation("get{Type}Readiness")
    @query(ReadinessQuery)
    @returns(200, ReadinessItem)
    @problems("not-found")
    def get(self, connection: Any, query: dict[str, Any], entry_id: str) -> Answer:
        """Check a revision of an entry: what to fix, where, and what blocks publishing."""
        known = services()
        site = read_moment(connection, known.settings.public_url).site
        draft = drafts.find_draft(connection, self.kind, entry_id)
        points = checklist(connection, site, known.types, self.kind, draft, query["revision"])
        return Answer({"data": _readiness_document(points, query["revision"] or draft.entry.version)})


def _readiness_document(points: list[Point], revision: int) -> dict[str, Any]:
    return {
        "revision": revision,
        "ready": not any(each.blocks and each.findings for each in points),
        "checks": [
            {
                "code": each.check.code,
                "title": each.check.title,
                "state": "failed" if each.findings else "passed",
                "blocks": each.blocks,
                "findings": [{"pointer": found.pointer, "detail": found.detail} for found in each.findings],
            }
            for each in points
        ],
    }


ROUTES: TypeRoutes = (("/<entry_id>/readiness", EntryReadiness),)

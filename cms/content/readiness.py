"""What is worth knowing about a working copy that does not stop a write."""

from sqlalchemy import select

from cms.clock import to_wire
from cms.content.drafts import WorkingCopy
from cms.content.links import references_of
from cms.content.queries import publications, shows
from cms.content.types import ContentType
from cms.content.version import Change
from cms.errors import Fault


def warnings_about(change: Change, kind: ContentType, copy: WorkingCopy) -> list[Fault]:
    """References that are left out for now, a date perhaps meant as a schedule, a plan that undoes what is live."""
    return [*_unpublished_references(change, kind, copy), *_future_date(change, copy), *_older_plan(copy)]


def _unpublished_references(change: Change, kind: ContentType, copy: WorkingCopy) -> list[Fault]:
    references = list(references_of(kind, copy.content))
    if not references:
        return []
    targets = [target for _, _, target in references]
    statement = select(publications.c.entry_id).where(
        publications.c.entry_id.in_(targets), shows(publications, current=True)
    )
    live = set(change.session.scalars(statement, {"at": change.at}))
    many = {each.field for each in kind.references if each.many}
    return [
        Fault(
            "unpublished_reference",
            "This entry is not live; delivery leaves it out until it is.",
            pointer=f"#/{field}/{position}" if field in many else f"#/{field}",
        )
        for field, position, target in references
        if target not in live
    ]


def _future_date(change: Change, copy: WorkingCopy) -> list[Fault]:
    date = copy.content.get("published_at")
    if date is None or date <= change.at or copy.standing.status != "published":
        return []
    return [
        Fault(
            "future_date",
            f"The editorial date {to_wire(date)} lies ahead and the entry is live already; "
            "to schedule, publish with live_from.",
            pointer="#/published_at",
        )
    ]


def _older_plan(copy: WorkingCopy) -> list[Fault]:
    standing = copy.standing
    if standing.next_from is None or standing.status != "published" or standing.next_revision == standing.revision:
        return []
    return [
        Fault(
            "planned_change",
            f"Revision {standing.next_revision} is planned from {to_wire(standing.next_from)} and will then be live "
            f"instead of revision {standing.revision}.",
            pointer="#/live_from",
        )
    ]

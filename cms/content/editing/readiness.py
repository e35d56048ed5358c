"""The checks of an entry before it is published. They never stop a save, but a site may have some block publishing.

A check examines one revision. The findings about its texts alone were stored when it was rendered (``cms.rendering``).
This module adds those that depend on the site and on other entries; links and references take one statement each.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from cms import clock
from cms.content.editing import revisions
from cms.content.editing.drafts import Draft
from cms.content.editing.internal_links import DeadLink, SiteAddresses, find_dead_links
from cms.content.editing.links import references_of
from cms.content.editing.write import Write
from cms.content.model import Revision
from cms.content.published.perspective import is_live_at, publications
from cms.content.renditions import review_of
from cms.content.standing import Standing
from cms.content.types import Content, ContentType, Reference, Types
from cms.errors import Fault, NotFound, NotReady
from cms.rendering.reviewing import lacks_alt, says_nothing
from cms.seo.head import titled
from cms.site import Site

TITLE_LIMIT = 60
"""Search engines show about this many characters of a title, with the site's template applied."""
DESCRIPTION_LIMIT = 160
DEAD_LINKS_AT_MOST = 20
"""The most links of one kind that are listed one by one; the others are counted."""


@dataclass(frozen=True)
class Subject:
    """A revision to check at an instant, with its entry's id, its site and its entry's standing.

    Properties that take a statement are read when a check first needs them.
    """

    connection: Session | Connection
    site: Site
    types: Types
    kind: ContentType
    entry_id: str
    revision: Any
    at: datetime
    standing: Standing | None = None

    @property
    def content(self) -> Content:
        """The revision's content without the rich texts."""
        data: Content = self.revision.data
        return data

    @cached_property
    def reviews(self) -> dict[str, dict[str, Any]]:
        """The findings and links of each rich text, by field, stored when it was rendered."""
        return {field: review_of(self.revision, field) for field in self.kind.bodies}

    @cached_property
    def references(self) -> list[tuple[Reference, str]]:
        """The references to entries that are not live, each with its pointer."""
        named = list(references_of(self.kind, self.content))
        if not named:
            return []
        statement = select(publications.c.entry_id).where(
            publications.c.entry_id.in_([target for _, _, target in named]), is_live_at(publications, current=False)
        )
        live = set(self.connection.scalars(statement, {"at": self.at}))
        fields = {each.field: each for each in self.kind.references}
        return [
            (fields[name], f"#/{name}/{position}" if fields[name].many else f"#/{name}")
            for name, position, target in named
            if target not in live
        ]

    @cached_property
    def dead_links(self) -> list[tuple[str, DeadLink]]:
        """The links to entries of the site that are not live, each with its pointer."""
        places = [(f"#/{field}", address) for field, review in self.reviews.items() for address in review["links"]]
        places += [(f"{pointer}/url", each["url"]) for pointer, each in _buttons(self.content)]
        page = self.site.url(self.kind.name, self.content.get("slug"))
        dead = find_dead_links(
            self.connection,
            SiteAddresses(self.site, self.types),
            dict.fromkeys(address for _, address in places),
            page=page,
            own_id=self.entry_id,
            at=self.at,
        )
        return [(pointer, dead[address]) for pointer, address in places if address in dead]


def _buttons(content: Content) -> Iterator[tuple[str, dict[str, Any]]]:
    """The items of lists that have a label and a URL, such as calls to action, each with its pointer."""
    for field, value in content.items():
        if field != "extra" and isinstance(value, list):
            for position, each in enumerate(value):
                if isinstance(each, dict) and "label" in each and "url" in each:
                    yield f"#/{field}/{position}", each


def _images(content: Content, pointer: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """The images in an entry's own fields, such as an article's ``hero_image``, each with its pointer."""
    for field, value in content.items():
        if field != "extra" and isinstance(value, dict):
            if "url" in value and "alt" in value:
                yield f"{pointer}/{field}", value
            else:
                yield from _images(value, f"{pointer}/{field}")


@dataclass(frozen=True)
class Check:
    """One item of the checklist. Its ``title`` is a sentence that is true if nothing is found.

    A check with ``may_block=False`` is about the timeline, which is known only after publishing.
    """

    code: str
    title: str
    applies: Callable[[ContentType, Types], bool]
    find: Callable[[Subject], Iterable[Fault]]
    may_block: bool = True


def _found(code: str) -> Callable[[Subject], Iterator[Fault]]:
    """Yield the findings with this code in every rich text."""

    def find(subject: Subject) -> Iterator[Fault]:
        for field, review in subject.reviews.items():
            for each in review["findings"]:
                if each["code"] == code:
                    yield Fault(code, each["detail"], pointer=f"#/{field}")

    return find


def _missing_alt(subject: Subject) -> Iterator[Fault]:
    yield from _found("missing_alt")(subject)
    for pointer, image in _images(subject.content):
        if missing := lacks_alt(image["alt"]):
            yield Fault("missing_alt", f"The image {missing}.", pointer=f"{pointer}/alt")


def _vague_link(subject: Subject) -> Iterator[Fault]:
    yield from _found("vague_link")(subject)
    for pointer, each in _buttons(subject.content):
        if says_nothing(each["label"]):
            detail = f"The label “{each['label']}” does not say where this leads."
            yield Fault("vague_link", detail, pointer=f"{pointer}/label")


def _links_that_are(
    state: Literal["broken", "unpublished", "moved"], code: str
) -> Callable[[Subject], Iterator[Fault]]:
    def find(subject: Subject) -> Iterator[Fault]:
        found = ((pointer, each) for pointer, each in subject.dead_links if each.state == state)
        for pointer, each in islice(found, DEAD_LINKS_AT_MOST):
            yield Fault(code, each.detail, pointer=pointer)
        if more := sum(1 for _ in found):
            yield Fault(code, f"{more} more links have the same problem.", pointer="#")

    return find


def _long_title(subject: Subject) -> Iterator[Fault]:
    seo = subject.content.get("seo") or {}
    title = seo.get("title") or subject.kind.label(subject.content)
    full_title = titled(title, subject.site.data["title_template"], subject.site.name)
    if len(full_title) > TITLE_LIMIT and not seo.get("noindex"):
        detail = f"“{full_title}” has {len(full_title)} characters; search engines show about {TITLE_LIMIT}."
        label = subject.kind.searched.title if subject.kind.searched else "title"
        yield Fault("long_title", detail, pointer="#/seo/title" if seo.get("title") else f"#/{label}")


def _long_description(subject: Subject) -> Iterator[Fault]:
    seo = subject.content.get("seo") or {}
    summary = subject.kind.meanings.summary
    description = seo.get("description") or subject.content.get(summary or "") or ""
    if len(description) > DESCRIPTION_LIMIT and not seo.get("noindex"):
        detail = f"The description has {len(description)} characters; search engines show about {DESCRIPTION_LIMIT}."
        pointer = "#/seo/description" if seo.get("description") else f"#/{summary}"
        yield Fault("long_description", detail, pointer=pointer)


def _missing_summary(subject: Subject) -> Iterator[Fault]:
    summary = subject.kind.meanings.summary
    if summary and not subject.content.get(summary):
        detail = "There is no summary, so lists and search engines show the beginning of the text."
        yield Fault("missing_summary", detail, pointer=f"#/{summary}")


def _unpublished(code: str, *, people: bool) -> Callable[[Subject], Iterator[Fault]]:
    """Yield the references to people, or to all other entries, that are not live."""

    def find(subject: Subject) -> Iterator[Fault]:
        for reference, pointer in subject.references:
            if _names_people(reference, subject.types) == people:
                detail = f"This {reference.target} is not live. Delivery leaves it out until it is."
                yield Fault(code, detail, pointer=pointer)

    return find


def _names_people(reference: Reference, types: Types) -> bool:
    linked_data = types[reference.target].linked_data
    return linked_data is not None and linked_data.type == "Person"


def _future_date(subject: Subject) -> Iterator[Fault]:
    given, standing = subject.content.get("published_at"), subject.standing
    if given and standing and standing.status == "published" and clock.from_wire(given) > subject.at:
        detail = (
            f"The editorial date {given} is in the future, but the entry is live already. To schedule it, publish with "
            "live_from."
        )
        yield Fault("future_date", detail, pointer="#/published_at")


def _planned_change(subject: Subject) -> Iterator[Fault]:
    standing = subject.standing
    if standing is None or standing.status != "published" or standing.next_from is None:
        return
    if standing.next_revision != standing.revision:
        detail = (
            f"Revision {standing.next_revision} is planned from {clock.to_wire(standing.next_from)}. It will replace "
            f"revision {standing.revision}, which is live now."
        )
        yield Fault("planned_change", detail, pointer="#/live_from")


def _ends(subject: Subject) -> Iterator[Fault]:
    """Yield the end of the last publication if it cut short one that was to last longer, which does not come back."""
    ends = subject.standing.ends if subject.standing else None
    if ends is None:
        return
    asked = select(publications.c.asked_until).where(publications.c.entry_id == subject.entry_id)
    before = subject.connection.scalar(asked.order_by(publications.c.live_from.desc()).offset(1).limit(1))
    if before is not None and before > ends:
        yield Fault("ends", f"After {clock.to_wire(ends)} this entry is no longer live.", pointer="#/live_until")


def _always(kind: ContentType, types: Types) -> bool:
    return True


def _has_text(kind: ContentType, types: Types) -> bool:
    return bool(kind.bodies)


def _has_head(kind: ContentType, types: Types) -> bool:
    return kind.head is not None


def _has_summary(kind: ContentType, types: Types) -> bool:
    return kind.meanings.summary is not None and bool(kind.bodies)


def _has(field: str) -> Callable[[ContentType, Types], bool]:
    return lambda kind, types: field in kind.columns


def _refers_to_people(kind: ContentType, types: Types) -> bool:
    return any(_names_people(each, types) for each in kind.references)


def _refers_to_others(kind: ContentType, types: Types) -> bool:
    return any(not _names_people(each, types) for each in kind.references)


CHECKS: tuple[Check, ...] = (
    Check("plain_text", "No text has so much markup that it is taken for plain text.", _has_text, _found("plain_text")),
    Check("removed_element", "No unsafe element was removed.", _has_text, _found("removed_element")),
    Check("removed_attribute", "No unsafe attribute was removed.", _has_text, _found("removed_attribute")),
    Check("heading_jump", "Headings go down one level at a time.", _has_text, _found("heading_jump")),
    Check("heading_level_1", "The page's title is its only heading of level 1.", _has_text, _found("heading_level_1")),
    Check("heading_start", "The first heading has level 2.", _has_head, _found("heading_start")),
    Check("missing_alt", "Every image has a text alternative.", _has_text, _missing_alt),
    Check("vague_link", "Every link says where it leads.", _has_text, _vague_link),
    Check(
        "broken_link",
        "Links within the site lead to entries that exist.",
        _has_text,
        _links_that_are("broken", "broken_link"),
    ),
    Check(
        "unpublished_link",
        "Links within the site lead to entries that are live.",
        _has_text,
        _links_that_are("unpublished", "unpublished_link"),
    ),
    Check("moved_link", "Links within the site need no redirect.", _has_text, _links_that_are("moved", "moved_link")),
    Check("long_title", f"The title has at most {TITLE_LIMIT} characters in search results.", _has_head, _long_title),
    Check(
        "long_description", f"The description has at most {DESCRIPTION_LIMIT} characters.", _has_head, _long_description
    ),
    Check("missing_summary", "There is a summary.", _has_summary, _missing_summary),
    Check(
        "unpublished_author",
        "Every author is live.",
        _refers_to_people,
        _unpublished("unpublished_author", people=True),
    ),
    Check(
        "unpublished_reference",
        "Every entry that is referred to is live.",
        _refers_to_others,
        _unpublished("unpublished_reference", people=False),
    ),
    Check(
        "future_date",
        "An entry that is live has no editorial date in the future.",
        _has("published_at"),
        _future_date,
        may_block=False,
    ),
    Check(
        "planned_change",
        "No other revision is planned to replace the live one.",
        _always,
        _planned_change,
        may_block=False,
    ),
    Check("ends", "No plan ends before the publication that it replaces would have.", _always, _ends, may_block=False),
)
BLOCKERS = tuple(each.code for each in CHECKS if each.may_block)
"""The codes of the checks that a site may have block publishing."""


def checks_of(kind: ContentType, types: Types) -> Iterator[Check]:
    """The checks that apply to a type, in the order of ``CHECKS``."""
    return (each for each in CHECKS if each.applies(kind, types))


def warnings_about(write: Write, kind: ContentType, draft: Draft, revision: int | None = None) -> list[Fault]:
    """All findings of the checks in a revision, by default the draft."""
    entry = draft.entry
    chosen = revisions.numbered(write.session, entry, revision or entry.version)
    subject = Subject(write.session, write.site, write.types, kind, entry.id, chosen, draft.at, draft.standing)
    return [fault for check in checks_of(kind, write.types) for fault in check.find(subject)]


@dataclass(frozen=True)
class Point:
    """A check with its findings; ``blocks`` is true if it blocks publishing on this site."""

    check: Check
    blocks: bool
    findings: Sequence[Fault]


def checklist(
    connection: Connection, site: Site, types: Types, kind: ContentType, draft: Draft, number: int | None = None
) -> list[Point]:
    """Every check that applies to a revision, by default the draft, with its findings; raises ``NotFound``."""
    columns = (Revision.data, Revision.bodies, Revision.review)
    chosen = connection.execute(
        select(*columns).where(Revision.entry_id == draft.entry.id, Revision.number == (number or draft.entry.version))
    ).one_or_none()
    if chosen is None:
        raise NotFound
    subject = Subject(connection, site, types, kind, draft.entry.id, chosen, draft.at, draft.standing)
    blockers = site.data["publish_blockers"]
    return [Point(each, each.code in blockers, list(each.find(subject))) for each in checks_of(kind, types)]


def check_publishable(write: Write, kind: ContentType, entry_id: str, revision: Revision, start: datetime) -> None:
    """Raises ``NotReady`` with all findings in a revision that block publishing it on this site at an instant."""
    blockers = write.site.data["publish_blockers"]
    if not blockers:
        return
    subject = Subject(write.session, write.site, write.types, kind, entry_id, revision, start)
    blocking = (each for each in checks_of(kind, write.types) if each.code in blockers)
    if faults := [fault for check in blocking for fault in check.find(subject)]:
        raise NotReady(*faults)

"""One entry in the place of another, wherever that is referred to: in drafts, and in what is live or planned."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import exists, select

from cms.content import actions, links, revisions, timeline
from cms.content.draft_model import Entry
from cms.content.model import Publication, PublicationLink
from cms.content.preview_model import DraftPublicationLink
from cms.content.types import Content, ContentType
from cms.content.version import Change
from cms.errors import Conflict, Fault, Invalid

MOST = 200
"""How many entries one change rewrites: other writers wait for it, some seconds at this number."""


def replace_references(change: Change, kind: ContentType, entry: Entry, name: str) -> bool:
    """Let everything that refers to the entry refer to another of its type, named by id or slug.

    Each that refers gets a new revision, and what of it is live or planned is published anew with nothing else
    changed: what a draft has beyond that stays unpublished. Raises ``Invalid`` for a name that will not do and
    ``Conflict`` where readers would lose something. Returns whether anything live or planned was touched.
    """
    heir = _heir(change, kind, entry, name)
    referring = _referring(change, entry.id)
    if len(referring) > MOST:
        raise Conflict(f"More than {MOST} entries refer to this one, which is too much for one change.")
    if _is_live(change, entry.id) and not _is_live(change, heir.id) and _is_seen(change, entry.id):
        detail = "What stands in for an entry that readers see must be live itself; publish it first."
        raise Conflict(detail, Fault("not_live", detail, parameter="replace_with"))
    touched = [_replace_in(change, each, entry.id, heir.id) for each in referring]
    return any(touched)


def _heir(change: Change, kind: ContentType, entry: Entry, name: str) -> Entry:
    chain = list(dict.fromkeys([*change.site.chain(entry.locale), *change.site.locales]))
    found = links.lookup(change.session, kind.name, [name], chain)
    if not found:
        fault = links.faults_of_unknown(change.session, kind.name, [name], chain)[name]
        raise Invalid(replace(fault, parameter="replace_with"))
    heir = change.session.get_one(Entry, found[name])
    if heir.id == entry.id:
        raise Invalid(Fault("self_reference", "An entry cannot stand in for itself.", parameter="replace_with"))
    if heir.trashed_at is not None:
        raise Invalid(Fault("unknown_reference", f"The {kind.name} is in the trash.", parameter="replace_with"))
    return heir


def _referring(change: Change, target_id: str) -> Sequence[Entry]:
    drafts = select(DraftPublicationLink.entry_id).where(DraftPublicationLink.target_id == target_id)
    published = select(PublicationLink.entry_id).where(
        PublicationLink.target_id == target_id, ~PublicationLink.over, PublicationLink.live_until > change.at
    )
    ids = change.session.scalars(drafts.union(published).limit(MOST + 1)).all()
    return change.session.scalars(select(Entry).where(Entry.id.in_(ids)).order_by(Entry.id)).all()


def _is_live(change: Change, entry_id: str) -> bool:
    live = exists().where(
        Publication.entry_id == entry_id, Publication.live_from <= change.at, Publication.live_until > change.at
    )
    return bool(change.session.scalar(select(live)))


def _is_seen(change: Change, target_id: str) -> bool:
    """Whether something live refers to the entry."""
    link = PublicationLink
    seen = exists().where(
        link.target_id == target_id, ~link.over, link.live_from <= change.at, link.live_until > change.at
    )
    return bool(change.session.scalar(select(seen)))


def _replace_in(change: Change, entry: Entry, old: str, new: str) -> bool:
    """Replace a reference in one entry; returns whether anything live or planned was touched."""
    kind = change.types[entry.type]
    newest = entry.version
    shown = [each.revision for each in timeline.timeline(change.session, entry.id) if each.live_until > change.at]
    note = revisions.note_of_replacement(old, new)
    copies: dict[int, int] = {}
    # The newest comes last, since the newest revision is the draft.
    for number in (*dict.fromkeys(each for each in shown if each != newest), newest):
        revision = revisions.numbered(change.session, entry, number)
        # The tables of drafts take no reference to what has been erased.
        data = links.without_lost(change.session, kind, entry, revision.data) if number == newest else revision.data
        exchanged = _exchanged(kind, data, old, new, entry.id)
        if exchanged != data or (number == newest and copies):
            copies[number] = revisions.add_copy(change, entry, revision, exchanged, note)
            change.record("saved", kind.name, entry.id, entry.version, before={"revision": number})
    actions.put_draft(change, kind, entry, revisions.completed(kind, revisions.newest(change.session, entry)))
    change.touch(entry)
    return timeline.exchange(change, kind, entry, copies)


def _exchanged(kind: ContentType, data: Content, old: str, new: str, own: str) -> Content:
    """The data with one reference in the place of another; no list names an entry twice, and none its own."""
    changed = dict(data)
    for reference in kind.references:
        if not reference.many and data.get(reference.field) == old:
            changed[reference.field] = None if new == own else new
        elif reference.many and old in (data.get(reference.field) or ()):
            named = dict.fromkeys(new if each == old else each for each in data[reference.field])
            changed[reference.field] = [each for each in named if each != own]
    return changed

"""One entry in the place of another, wherever that is referred to: in drafts, and in what is live or planned."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import exists, select

from cms.content.editing import actions, links, revisions, timeline
from cms.content.editing.model import Entry
from cms.content.editing.preview_model import DraftPublicationLink
from cms.content.editing.write import Write
from cms.content.model import Publication, PublicationLink
from cms.content.types import Content, ContentType
from cms.errors import Conflict, Fault, Invalid

MOST = 200
"""How many entries one change rewrites: other writers wait for it, some seconds at this number."""


def replace_references(write: Write, kind: ContentType, entry: Entry, name: str) -> None:
    """Let everything that refers to the entry refer to another of its type, named by id or slug.

    Each that refers gets a new revision, and what of it is live or planned is published anew with nothing else
    changed: what a draft has beyond that stays unpublished. Raises ``Invalid`` for a name that will not do,
    ``Conflict`` where readers would lose something, and ``Forbidden`` where something live or planned changes and the
    scope ``content:publish`` is missing.
    """
    heir = _heir(write, kind, entry, name)
    referring = _referring(write, entry.id)
    if len(referring) > MOST:
        raise Conflict(f"More than {MOST} entries refer to this one, which is too much for one change.")
    if _is_live(write, entry.id) and not _is_live(write, heir.id) and _is_seen(write, entry.id):
        detail = "What stands in for an entry that readers see must be live itself; publish it first."
        raise Conflict(detail, Fault("not_live", detail, parameter="replace_with"))
    touched = [_replace_in(write, each, entry.id, heir.id) for each in referring]
    if any(touched):
        write.actor.require("content:publish")


def _heir(write: Write, kind: ContentType, entry: Entry, name: str) -> Entry:
    chain = list(dict.fromkeys([*write.site.chain(entry.locale), *write.site.locales]))
    found = links.lookup(write.session, kind.name, [name], chain)
    if not found:
        fault = links.faults_of_unknown(write.session, kind.name, [name], chain)[name]
        raise Invalid(replace(fault, parameter="replace_with"))
    heir = write.session.get_one(Entry, found[name])
    if heir.id == entry.id:
        raise Invalid(Fault("self_reference", "An entry cannot stand in for itself.", parameter="replace_with"))
    if heir.trashed_at is not None:
        raise Invalid(Fault("unknown_reference", f"The {kind.name} is in the trash.", parameter="replace_with"))
    return heir


def _referring(write: Write, target_id: str) -> Sequence[Entry]:
    drafts = select(DraftPublicationLink.entry_id).where(DraftPublicationLink.target_id == target_id)
    published = select(PublicationLink.entry_id).where(
        PublicationLink.target_id == target_id, ~PublicationLink.over, PublicationLink.live_until > write.at
    )
    ids = write.session.scalars(drafts.union(published).limit(MOST + 1)).all()
    return write.session.scalars(select(Entry).where(Entry.id.in_(ids)).order_by(Entry.id)).all()


def _is_live(write: Write, entry_id: str) -> bool:
    live = exists().where(
        Publication.entry_id == entry_id, Publication.live_from <= write.at, Publication.live_until > write.at
    )
    return bool(write.session.scalar(select(live)))


def _is_seen(write: Write, target_id: str) -> bool:
    """Whether something live refers to the entry."""
    link = PublicationLink
    seen = exists().where(
        link.target_id == target_id, ~link.over, link.live_from <= write.at, link.live_until > write.at
    )
    return bool(write.session.scalar(select(seen)))


def _replace_in(write: Write, entry: Entry, old: str, new: str) -> bool:
    """Replace a reference in one entry; returns whether anything live or planned was touched."""
    kind = write.types[entry.type]
    newest = entry.version
    shown = [each.revision for each in timeline.timeline(write.session, entry.id) if each.live_until > write.at]
    note = revisions.note_of_replacement(old, new)
    copies: dict[int, int] = {}
    # The newest comes last, since the newest revision is the draft.
    for number in (*dict.fromkeys(each for each in shown if each != newest), newest):
        revision = revisions.numbered(write.session, entry, number)
        # The tables of drafts take no reference to what has been erased.
        data = links.without_missing(write.session, kind, entry, revision.data) if number == newest else revision.data
        exchanged = _exchanged(kind, data, old, new, entry.id)
        if exchanged != data or (number == newest and copies):
            copies[number] = revisions.add_copy(write, entry, revision, exchanged, note)
            write.record("saved", kind.name, entry.id, entry.version, before={"revision": number})
    actions.store_draft(write, kind, entry, revisions.completed(kind, revisions.newest(write.session, entry)))
    write.touch(entry)
    return timeline.replace_revisions(write, kind, entry, copies)


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

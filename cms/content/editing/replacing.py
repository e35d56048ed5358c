"""Replacing an entry by another in every reference: in drafts, and in live and planned publications."""

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

REWRITTEN_AT_MOST = 200
"""The most entries that one write rewrites. Other writers wait for it, some seconds at this number."""


def replace_references(write: Write, kind: ContentType, entry: Entry, name: str) -> None:
    """Make every reference to the entry refer to another entry of its type, named by id or slug.

    Each referring entry gets a new revision. Its live and planned revisions are published again with nothing else
    changed; other changes in its draft stay unpublished. Raises ``Invalid`` for an unusable name, ``Conflict`` if
    readers would lose a reference or too many entries refer to this one, and ``Forbidden`` if something live or planned
    changes and the scope ``content:publish`` is missing.
    """
    replacement = _find_replacement(write, kind, entry, name)
    referring = _referring(write, entry.id)
    if len(referring) > REWRITTEN_AT_MOST:
        raise Conflict(f"More than {REWRITTEN_AT_MOST} entries refer to this one, which is too many for one request.")
    if _is_live(write, entry.id) and not _is_live(write, replacement.id) and _has_live_references(write, entry.id):
        detail = "The replacement of a live entry must be live. Publish it first."
        raise Conflict(detail, Fault("not_live", detail, parameter="replace_with"))
    touched = [_replace_in(write, each, entry.id, replacement.id) for each in referring]
    if any(touched):
        write.actor.require("content:publish")


def _find_replacement(write: Write, kind: ContentType, entry: Entry, name: str) -> Entry:
    chain = list(dict.fromkeys([*write.site.chain(entry.locale), *write.site.locales]))
    found = links.lookup(write.session, kind.name, [name], chain)
    if not found:
        fault = links.faults_of_unknown(write.session, kind.name, [name], chain)[name]
        raise Invalid(replace(fault, parameter="replace_with"))
    replacement = write.session.get_one(Entry, found[name])
    if replacement.id == entry.id:
        raise Invalid(Fault("self_reference", "An entry cannot replace itself.", parameter="replace_with"))
    if replacement.trashed_at is not None:
        raise Invalid(Fault("unknown_reference", f"The {kind.name} is in the trash.", parameter="replace_with"))
    return replacement


def _referring(write: Write, target_id: str) -> Sequence[Entry]:
    drafts = select(DraftPublicationLink.entry_id).where(DraftPublicationLink.target_id == target_id)
    published = select(PublicationLink.entry_id).where(
        PublicationLink.target_id == target_id, ~PublicationLink.over, PublicationLink.live_until > write.at
    )
    ids = write.session.scalars(drafts.union(published).limit(REWRITTEN_AT_MOST + 1)).all()
    return write.session.scalars(select(Entry).where(Entry.id.in_(ids)).order_by(Entry.id)).all()


def _is_live(write: Write, entry_id: str) -> bool:
    live = exists().where(
        Publication.entry_id == entry_id, Publication.live_from <= write.at, Publication.live_until > write.at
    )
    return bool(write.session.scalar(select(live)))


def _has_live_references(write: Write, target_id: str) -> bool:
    """True if something live refers to the entry."""
    link = PublicationLink
    live = exists().where(
        link.target_id == target_id, ~link.over, link.live_from <= write.at, link.live_until > write.at
    )
    return bool(write.session.scalar(select(live)))


def _replace_in(write: Write, entry: Entry, old: str, new: str) -> bool:
    """Replace a reference in one entry. Returns True if something live or planned changed."""
    kind = write.types[entry.type]
    newest = entry.version
    published = [each.revision for each in timeline.timeline(write.session, entry.id) if each.live_until > write.at]
    note = revisions.note_of_replacement(old, new)
    copies: dict[int, int] = {}
    # The draft comes last, so that its copy is the newest revision again.
    for number in (*dict.fromkeys(each for each in published if each != newest), newest):
        revision = revisions.numbered(write.session, entry, number)
        # The tables of drafts cannot hold a reference to an erased entry.
        data = links.without_missing(write.session, kind, entry, revision.data) if number == newest else revision.data
        replaced = _with_replacement(kind, data, old, new, entry.id)
        if replaced != data or (number == newest and copies):
            copies[number] = revisions.add_copy(write, entry, revision, replaced, note)
            write.record("saved", kind.name, entry.id, entry.version, before={"revision": number})
    actions.store_draft(write, kind, entry, revisions.completed(kind, revisions.newest(write.session, entry)))
    write.touch(entry)
    return timeline.replace_revisions(write, kind, entry, copies)


def _with_replacement(kind: ContentType, data: Content, old: str, new: str, own: str) -> Content:
    """The data with one reference replaced by another. No list names an entry twice, and no entry refers to itself."""
    changed = dict(data)
    for reference in kind.references:
        if not reference.many and data.get(reference.field) == old:
            changed[reference.field] = None if new == own else new
        elif reference.many and old in (data.get(reference.field) or ()):
            named = dict.fromkeys(new if each == old else each for each in data[reference.field])
            changed[reference.field] = [each for each in named if each != own]
    return changed

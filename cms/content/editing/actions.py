"""The life cycle of an entry: create, save, duplicate, restore, trash, undelete and purge, for every type."""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import delete, select, update
from uuid_utils.compat import uuid7

from cms.content.editing import drafts, indexing, links, preview, revisions, slugs, timeline, usage
from cms.content.editing.model import Entry, Link
from cms.content.editing.preconditions import check_tags
from cms.content.editing.raw_html import check_raw_html
from cms.content.editing.sort_keys import sort_key
from cms.content.editing.write import Write
from cms.content.model import Event, Publication, Revision
from cms.content.renditions import to_content
from cms.content.types import Content, ContentType
from cms.errors import Conflict, Fault, Invalid, NotFound
from cms.idempotency import forget_answers_about
from cms.identifiers import SLUG_LENGTH, is_identifier

USES_LISTED = 50
"""The most references that the problem of a refused deletion lists."""
COPY_SUFFIX = re.compile(r"-copy(-[0-9]+)?\Z")


def find_entry(write: Write, kind: ContentType, entry_id: str, *, trashed: bool | None = False) -> Entry:
    """The entry of this type with this id; raises ``NotFound``.

    ``trashed=False`` looks outside the trash, ``True`` in the trash, ``None`` in both.
    """
    entry = write.session.get(Entry, entry_id) if is_identifier(entry_id) else None
    if entry is None or entry.type != kind.name:
        raise NotFound
    if trashed is not None and (entry.trashed_at is not None) != trashed:
        raise NotFound(
            detail="The entry is not in the trash." if trashed else "The entry is in the trash. Undelete it first."
        )
    return entry


def find_holder(write: Write, entry_id: str) -> Entry | None:
    """The entry of any type with this id, in the trash or not."""
    return write.session.get(Entry, entry_id)


def is_purged(write: Write, entry_id: str) -> bool:
    """True if an entry with this id was purged. Tokens and the audit log still name it, so no other may get the id."""
    purged = select(Event.change).where(Event.subject == entry_id, Event.action == "purged").limit(1)
    return write.session.execute(purged).first() is not None


def check_precondition(write: Write, entry: Entry, tags: Iterable[str] | None) -> None:
    """Check the entity tags of ``If-Match``; ``None`` accepts any state of the entry.

    Raises ``PreconditionFailed`` with the current tag, the fields that differ, and when and by whom the entry was
    changed.
    """
    detail = "The entry has changed since you read it. Fetch it again and repeat your change."
    fields = partial(revisions.changed_fields, write.session, entry)
    check_tags(write.session, tags, entry.changed, detail, fields)


def create(
    write: Write, kind: ContentType, content: Content, *, note: str | None = None, entry_id: str | None = None
) -> Entry:
    """Create an entry with its draft and first revision.

    Raises ``Invalid``, ``Forbidden``, ``SlugTaken`` or ``Conflict``.
    """
    entry = Entry(
        id=entry_id or str(uuid7()),
        type=kind.name,
        locale=content.get("locale") or write.site.default_locale,
        translation_of=None,
        slug=None,
        label="",
        version=0,
        changed=write.number,
        created_at=write.at,
        updated_at=write.at,
        created_by=write.actor.key_id,
    )
    check_raw_html(write, kind, content)
    content = _validated(write, kind, entry, content)
    write.session.add(entry)
    write.session.flush()
    _save_revision(write, kind, entry, content, note)
    write.record("created", kind.name, entry.id, entry.version)
    return entry


def save(write: Write, kind: ContentType, entry: Entry, content: Content, *, note: str | None = None) -> bool:
    """Save the content as the entry's draft. Returns False, and writes nothing, if the draft has this content already.

    Raises ``Invalid``, ``Forbidden``, ``SlugTaken`` or ``Conflict``.
    """
    check_raw_html(write, kind, content, to_content(revisions.newest(write.session, entry)))
    content = _validated(write, kind, entry, content)
    if not _save_revision(write, kind, entry, content, note):
        return False
    write.touch(entry)
    write.record("saved", kind.name, entry.id, entry.version)
    return True


def duplicate(
    write: Write, kind: ContentType, entry: Entry, *, slug: str | None = None, note: str | None = None
) -> Entry:
    """Create a draft with the entry's content, without its date and its link to translations.

    Without a ``slug``, the copy gets the entry's slug with ``-copy``, or ``-copy-2`` and so on if that is taken.
    Raises the same errors as ``create``.
    """
    newest = revisions.newest(write.session, entry)
    content = links.without_missing(write.session, kind, entry, revisions.completed(kind, newest))
    if entry.slug and not slug:
        stem = COPY_SUFFIX.sub("", entry.slug)[: SLUG_LENGTH - len("-copy")].rstrip("-")
        slug = slugs.free_slug(write.session, kind, entry.locale, f"{stem}-copy", "")
    undated = {"published_at": None} if content.get("published_at") else {}
    content |= undated | {"slug": slug, "translation_of": None}
    note = note or f"Duplicated from {entry.id}, revision {entry.version}."
    return create(write, kind, content, note=note)


def _validated(write: Write, kind: ContentType, entry: Entry, content: Content) -> Content:
    """The content with its locale, original, references and slug checked and resolved.

    Raises ``Invalid`` with all faults at once.
    """
    faults: list[Fault] = []
    content = revisions.to_plain(content)
    locale = content.get("locale") or entry.locale
    if locale not in write.site.locales:
        known = ", ".join(write.site.locales)
        faults.append(Fault("unknown_locale", f"The site has no locale '{locale}'. Use one of: {known}.", "#/locale"))
    elif locale != entry.locale:
        faults.append(Fault("immutable", "The locale of an entry cannot be changed.", "#/locale"))
    content["locale"] = entry.locale
    if content.get("slug") and not kind.has_slug:
        faults.append(Fault("no_slug", f"Entries of the type {kind.name} have no slug.", "#/slug"))
    try:
        content = kind.prepare(content)
    except Invalid as error:
        faults.extend(error.faults)
    content["translation_of"] = _original(write, kind, entry, content.get("translation_of"), faults)
    chain = write.site.chain(entry.locale)
    if not kind.has_locales:
        chain += [each for each in write.site.locales if each not in chain]
    content, unknown = links.resolve(write.session, kind, content, chain, entry.id)
    faults.extend(unknown)
    if faults:
        raise Invalid(*faults)
    content["slug"] = _slug(write, kind, entry, content)
    return content


def _original(write: Write, kind: ContentType, entry: Entry, given: str | None, faults: list[Fault]) -> str | None:
    """The id of the original that the entry translates. For a translation of a translation, it is the first one."""
    if given is None:
        return None
    # A slug is looked up in the other languages first; the entry's own language comes last.
    others = [each for each in write.site.chain(entry.locale) + list(write.site.locales) if each != entry.locale]
    chain = list(dict.fromkeys([*others, entry.locale]))
    pointer = "#/translation_of"
    found = links.lookup(write.session, kind.name, [given], chain)
    target = write.session.get(Entry, found[given]) if found else None
    if target is None:
        unknown = links.faults_of_unknown(write.session, kind.name, [given], chain)
        faults.append(replace(unknown[given], pointer=pointer))
        return None
    original = target.translation_of or target.id
    group = write.session.execute(
        select(Entry.id, Entry.locale).where((Entry.id == original) | (Entry.translation_of == original))
    ).all()
    # A live or planned publication counts as a translation too, even if its draft no longer is one.
    published = write.session.execute(
        select(Publication.entry_id.label("id"), Publication.locale).where(
            Publication.translation_group == original, Publication.live_until > write.at
        )
    ).all()
    if original == entry.id:
        faults.append(Fault("self_reference", "An entry cannot be a translation of itself.", pointer))
    elif write.session.scalar(select(Entry.id).where(Entry.translation_of == entry.id).limit(1)):
        faults.append(
            Fault("has_translations", "This entry has translations, so it cannot be a translation itself.", pointer)
        )
    elif taken := [each.id for each in (*group, *published) if each.locale == entry.locale and each.id != entry.id]:
        faults.append(Fault("duplicate", f"{taken[0]} is the translation into '{entry.locale}' already.", pointer))
    return original


def _slug(write: Write, kind: ContentType, entry: Entry, content: Content) -> str | None:
    if not kind.has_slug:
        return None
    if content.get("slug"):
        return str(content["slug"])
    if entry.slug:
        return entry.slug
    wanted = slugs.slug_from(kind.label(content), fallback=entry.id[-12:])
    return slugs.free_slug(write.session, kind, entry.locale, wanted, entry.id)


def _save_revision(write: Write, kind: ContentType, entry: Entry, content: Content, note: str | None) -> bool:
    if not revisions.add_revision(write, kind, entry, content, note):
        return False
    store_draft(write, kind, entry, content)
    return True


def store_draft(write: Write, kind: ContentType, entry: Entry, content: Content) -> None:
    """Store the content of the newest revision in the tables of drafts. Raises ``SlugTaken``."""
    session = write.session
    if content["slug"] is not None:
        slugs.reserve(session, kind, entry.locale, content["slug"], entry.id)
    entry.slug = content["slug"]
    entry.translation_of = content["translation_of"]
    entry.updated_at = write.at
    entry.label = sort_key(kind.label(content))
    model: Any = kind.model
    session.merge(model(entry_id=entry.id, **drafts.to_columns(kind, content)))
    links.replace_links(session, kind, entry.id, content)
    session.flush()
    preview.put(session, kind, entry, content)
    slugs.release_unused(session, entry.id)


def restore(write: Write, kind: ContentType, entry: Entry, number: int, *, note: str | None = None) -> bool:
    """Save the content of an old revision as a new revision. Raises the same errors as ``save``."""
    revision = write.session.get(Revision, (entry.id, number))
    if revision is None:
        raise Invalid(Fault("unknown_revision", f"The newest revision is {entry.version}.", "#/revision"))
    content = links.without_missing(write.session, kind, entry, revisions.completed(kind, revision))
    return save(write, kind, entry, content, note=note or f"Restored from revision {number}.")


def trash(write: Write, kind: ContentType, entry: Entry, *, force: bool = False) -> None:
    """Move the entry to the trash and end its live and planned publications.

    Raises ``Conflict``, with the list, if other entries refer to it and ``force`` is false. Raises ``Forbidden`` if
    something of it is live or planned and the scope ``content:publish`` is missing.
    """
    _require_scope_to_unpublish(write, entry)
    _check_unused(write, entry, force)
    timeline.unpublish(write, kind, entry)
    preview.remove(write.session, kind, entry.id)
    entry.trashed_at = write.at
    write.touch(entry)
    write.record("trashed", kind.name, entry.id, before={"trashed_at": None}, after={"trashed_at": write.at})


def _require_scope_to_unpublish(write: Write, entry: Entry) -> None:
    """Raises ``Forbidden`` if the entry is live or planned and the scope ``content:publish`` is missing."""
    if timeline.is_live_or_planned(write, entry):
        write.actor.require("content:publish")


def _check_unused(write: Write, entry: Entry, force: bool) -> None:
    if force:
        return
    used, more = usage.uses(write.session, write.types, entry.id, write.at, after=None, limit=USES_LISTED)
    if used:
        raise Conflict(
            "Other entries refer to this one. Change them first, or send the request again with replace_with or "
            f"force=true. See /usage for {'all of them' if more else 'details'}.",
            *(
                Fault("referred_to", f"{each.key.type} {each.key.entry_id} refers to it in '{each.key.field}'.")
                for each in used
            ),
            usage=[each.as_document() for each in used],
        )


def undelete(write: Write, kind: ContentType, entry: Entry) -> None:
    """Take the entry out of the trash as a draft that is not published."""
    trashed_at, entry.trashed_at = entry.trashed_at, None
    content = revisions.completed(kind, revisions.newest(write.session, entry))
    preview.put(write.session, kind, entry, links.without_missing(write.session, kind, entry, content))
    write.touch(entry)
    write.record("undeleted", kind.name, entry.id, before={"trashed_at": trashed_at}, after={"trashed_at": None})


def purge(write: Write, kind: ContentType, entry: Entry, *, force: bool = False) -> None:
    """Erase the entry with its history. The audit log keeps its events, without content.

    Requires the scope ``content:purge``, and also ``content:publish`` if the entry is live or planned.
    """
    _require_scope_to_unpublish(write, entry)
    write.actor.require("content:purge")
    _check_unused(write, entry, force)
    session = write.session
    publications = timeline.timeline(session, entry.id)
    for publication in publications:
        if publication.live_from <= write.at and not publication.announced:
            # The audit log will be the only record that it was live.
            states = timeline.states_around(session, entry.id, publication.live_from)
            write.record("went_live", kind.name, entry.id, publication.revision, **states)
        links.mark_progress(session, publication, announced=publication.announced, over=True)
        indexing.remove(session, kind, publication)
    entry_id, version, trashed_at = entry.id, entry.version, entry.trashed_at
    _pass_on_translations(write, entry_id)
    # Delivery leaves out a reference to an erased entry. Drafts lose the reference, so their entity tags must change.
    referring = select(Link.entry_id).where(Link.target_id == entry_id)
    session.execute(update(Entry).where(Entry.id.in_(referring)).values(changed=write.number))
    preview.remove(session, kind, entry_id)
    preview.forget_links_to(session, entry_id)
    write.erased.add(entry_id)
    forget_answers_about(session, entry_id)
    # A reason is free text about the entry, and the only part of the log that may quote its content.
    session.execute(update(Event).where(Event.subject == entry_id).values(reason=None))
    session.execute(delete(Entry).where(Entry.id == entry_id))
    preview.scrub_indexes(session)
    session.expire_all()
    if publications:
        write.advance_content()
    write.record("purged", kind.name, entry_id, before={"revision": version, "trashed_at": trashed_at})


def _pass_on_translations(write: Write, original: str) -> None:
    """Make the oldest translation the original of the others, both in drafts and in publications.

    An entry whose publication is a translation, but whose draft no longer is one, is chosen only if there is no other.
    """
    session = write.session
    oldest = select(Entry.id).order_by(Entry.created_at, Entry.id)
    published = select(Publication.entry_id).where(Publication.translation_group == original)
    translations = session.scalars(oldest.where(Entry.translation_of == original)).all()
    candidates = (
        translations or session.scalars(oldest.where(Entry.id.in_(published), Entry.id != original).limit(1)).all()
    )
    if not candidates:
        return
    successor = candidates[0]
    session.execute(
        update(Entry).where(Entry.id.in_(translations)).values(translation_of=successor, changed=write.number)
    )
    session.execute(
        update(Entry).where(Entry.id == successor, Entry.translation_of == successor).values(translation_of=None)
    )
    session.execute(
        update(Publication).where(Publication.translation_group == original).values(translation_group=successor)
    )
    indexing.hand_over_translations(session, original, successor)
    preview.hand_over_translations(session, original, successor)

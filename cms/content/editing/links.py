"""References between entries: resolved when a draft is saved, kept in order, and copied to publications."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from cms.content.editing.model import Entry, Link, Slug
from cms.content.locales import best_by_name
from cms.content.model import LinkCount, Publication, PublicationLink, SortKeys
from cms.content.types import ByOwner, Content, ContentType, Reference
from cms.db import insert_for
from cms.errors import Fault
from cms.identifiers import NOBODY, is_identifier


def resolve(
    session: Session, kind: ContentType, content: Content, chain: list[str], entry_id: str
) -> tuple[Content, list[Fault]]:
    """Turn each reference, an id or a slug, into an id; a slug is looked up in the locales of the chain.

    Returns the content with the ids, and all faults: an unknown entry, an entry of another type, an entry that is named
    twice, and the entry itself.
    """
    resolved, faults = dict(content), []
    for reference in kind.references:
        names = _named(reference, content)
        found = lookup(session, reference.target, names, chain)
        unknown = faults_of_unknown(session, reference.target, [each for each in names if each not in found], chain)
        ids: list[str] = []
        for position, name in enumerate(names):
            pointer = f"#/{reference.field}/{position}" if reference.many else f"#/{reference.field}"
            target = found.get(name)
            if target is None:
                faults.append(replace(unknown[name], pointer=pointer))
            elif target == entry_id:
                faults.append(Fault("self_reference", "An entry cannot refer to itself.", pointer))
            elif target in ids:
                faults.append(Fault("duplicate", f"'{name[:100]}' is in the list twice.", pointer))
            else:
                ids.append(target)
        resolved[reference.field] = ids if reference.many else next(iter(ids), None)
    return resolved, faults


def _named(reference: Reference, content: Content) -> list[str]:
    value = content.get(reference.field)
    if reference.many:
        return list(value or [])
    return [] if value is None else [str(value)]


def lookup(session: Session, type_name: str, names: Sequence[str], chain: Sequence[str]) -> dict[str, str]:
    """The ids of the entries of a type that these ids and slugs name, by name, without unknown ones.

    Entries in the trash are included. A slug names the entry in the first locale of the chain that has it.
    """
    ids = {name for name in names if is_identifier(name)}
    found = (
        {each: each for each in session.scalars(select(Entry.id).where(Entry.id.in_(ids), Entry.type == type_name))}
        if ids
        else {}
    )
    slugs = set(names) - ids
    if slugs:
        rows = session.execute(
            select(Slug.slug.label("name"), Slug.locale, Slug.entry_id).where(
                Slug.type == type_name, Slug.slug.in_(slugs), Slug.locale.in_(chain)
            )
        )
        found |= {name: row.entry_id for name, row in best_by_name(rows, chain).items()}
    return found


def faults_of_unknown(session: Session, type_name: str, names: Sequence[str], chain: Sequence[str]) -> dict[str, Fault]:
    """The fault, without a pointer, of each name that no entry of the type has."""
    if not names:
        return {}
    by_slug = select(Slug.slug, Slug.type).where(Slug.slug.in_(names), Slug.locale.in_(chain)).order_by(Slug.type)
    by_id = select(Entry.id, Entry.type).where(Entry.id.in_([each for each in names if is_identifier(each)]))
    others: dict[str, str] = {name: other for each in (by_slug, by_id) for name, other in session.execute(each)}
    return {
        name: Fault("wrong_type", f"'{name}' is of the type {others[name]}. It must be of the type {type_name}.")
        if name in others
        else Fault("unknown_reference", f"There is no {type_name} '{name[:100]}'.")
        for name in names
    }


def replace_links(session: Session, kind: ContentType, entry_id: str, content: Content) -> None:
    """Replace the draft's links by those of the content."""
    session.execute(delete(Link).where(Link.entry_id == entry_id))
    rows = [
        {"entry_id": entry_id, "field": field, "position": position, "target_id": target}
        for field, position, target in references_of(kind, content)
    ]
    if rows:
        session.execute(insert(Link), rows)


def references_of(kind: ContentType, content: Content) -> Iterable[tuple[str, int, str]]:
    """Each reference as field, position and target id."""
    for reference in kind.references:
        for position, target in enumerate(_named(reference, content)):
            yield reference.field, position, target


def without_missing(session: Session, kind: ContentType, entry: Entry, content: Content) -> Content:
    """The content without references to entries that were erased after it was written.

    If the original of a translation was erased, the entry's current original takes its place.
    """
    named = {target for _, _, target in references_of(kind, content)} | {content.get("translation_of")}
    known = set(session.scalars(select(Entry.id).where(Entry.id.in_(named - {None}))))
    kept = dict(content)
    for reference in kind.references:
        ids = [each for each in _named(reference, content) if each in known]
        kept[reference.field] = ids if reference.many else next(iter(ids), None)
    if kept.get("translation_of") and kept["translation_of"] not in known:
        kept["translation_of"] = entry.translation_of
    return kept


def copy_links(session: Session, kind: ContentType, publication: Publication, content: Content) -> None:
    """Store the references of a publication with its sort keys."""
    shared = {
        name: getattr(publication, name)
        for name in (*SortKeys.__annotations__, "entry_id", "type", "locale", "live_from", "live_until", "over")
    }
    rows = [
        shared | {"publication_id": publication.id, "field": field, "position": position, "target_id": target}
        for field, position, target in listed_references(kind, content)
    ]
    if rows:
        session.execute(insert(PublicationLink), rows)
    if publication.announced:
        _count(session, publication, 1)


def listed_references(kind: ContentType, content: Content) -> Iterable[tuple[str, int, str]]:
    """The references that the content is listed by; an empty owner field (``ByOwner``) refers to ``NOBODY``."""
    yield from references_of(kind, content)
    for each in kind.filters:
        if isinstance(each, ByOwner) and content.get(each.field) is None:
            yield each.field, 0, NOBODY


def mark_progress(session: Session, publication: Publication, *, announced: bool, over: bool) -> None:
    """Store that a publication has begun or is over, also in its links and their counts."""
    difference = (announced and not over) - (publication.announced and not publication.over)
    publication.announced = announced
    if publication.over != over:
        publication.over = over
        session.execute(
            update(PublicationLink).where(PublicationLink.publication_id == publication.id).values(over=over)
        )
    if difference:
        _count(session, publication, difference)


def _count(session: Session, publication: Publication, difference: int) -> None:
    """Add to the count of links from this type to each target of the publication."""
    targets = session.execute(
        select(PublicationLink.target_id, PublicationLink.field).where(PublicationLink.publication_id == publication.id)
    ).all()
    rows = [
        {"target_id": each.target_id, "field": each.field, "type": publication.type, "number": difference}
        for each in targets
    ]
    if rows:
        insertion = insert_for(session)(LinkCount)
        summed = {"number": LinkCount.number + insertion.excluded.number}
        session.execute(
            insertion.on_conflict_do_update(index_elements=["target_id", "field", "type"], set_=summed), rows
        )

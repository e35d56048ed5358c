"""Slugs: made from titles, unique for each type and locale, and kept for redirects after they were live."""

from itertools import count

from slugify import slugify
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from cms.content.editing.model import Entry, Slug
from cms.content.model import Publication
from cms.content.types import ContentType
from cms.db import insert_for
from cms.errors import Fault, SlugTaken
from cms.identifiers import SLUG_LENGTH, is_identifier


def slug_from(text: str, fallback: str) -> str:
    """A slug made from a text: lower-case words with hyphens, at most 120 characters, cut between words.

    Example: ``Tea & Toast`` gives ``tea-toast``. A text without usable characters gives the fallback. A slug never has
    the form of an id.
    """
    slug = slugify(text, max_length=SLUG_LENGTH, word_boundary=True) or fallback
    return f"{slug}-{fallback}"[:SLUG_LENGTH] if is_identifier(slug) else slug


def reserve(session: Session, kind: ContentType, locale: str, slug: str, entry_id: str) -> None:
    """Reserve the slug for the entry; raises ``SlugTaken`` if another entry holds it."""
    values = {"type": kind.name, "locale": locale, "slug": slug, "entry_id": entry_id}
    session.execute(insert_for(session)(Slug).values(values).on_conflict_do_nothing())
    holder = session.execute(
        select(Slug.entry_id, Entry.trashed_at, Entry.slug)
        .join(Entry, Entry.id == Slug.entry_id)
        .where(Slug.type == kind.name, Slug.locale == locale, Slug.slug == slug)
    ).one()
    if holder.entry_id != entry_id:
        place = "in the trash " if holder.trashed_at else ""
        detail = f"'{slug}' belongs to {kind.name} {holder.entry_id}"
        if holder.slug != slug:
            detail += f", whose slug is now '{holder.slug}', and redirects to it"
        raise SlugTaken(f"Another entry {place}has this slug.", Fault("slug_taken", f"{detail}.", pointer="#/slug"))


def free_slug(session: Session, kind: ContentType, locale: str, wanted: str, entry_id: str) -> str:
    """The wanted slug or, if another entry holds it, the first of ``wanted-2``, ``wanted-3`` and so on that is free."""
    if not _held_by_another(session, kind, locale, wanted, entry_id):
        return wanted
    stem = wanted[: SLUG_LENGTH - 8].rstrip("-")
    taken = set(
        session.scalars(
            select(Slug.slug).where(
                Slug.type == kind.name, Slug.locale == locale, Slug.slug.startswith(f"{stem}-", autoescape=True)
            )
        )
    )
    return next(name for name in (f"{stem}-{number}" for number in count(2)) if name not in taken)


def _held_by_another(session: Session, kind: ContentType, locale: str, slug: str, entry_id: str) -> bool:
    holder = session.get(Slug, (kind.name, locale, slug))
    return holder is not None and holder.entry_id != entry_id


def release_unused(session: Session, entry_id: str) -> None:
    """Release the entry's slugs that neither its draft nor any of its publications has."""
    of_draft = exists().where(Entry.id == Slug.entry_id, Entry.slug == Slug.slug, Entry.locale == Slug.locale)
    of_publication = exists().where(
        Publication.entry_id == Slug.entry_id, Publication.slug == Slug.slug, Publication.locale == Slug.locale
    )
    session.execute(delete(Slug).where(Slug.entry_id == entry_id, ~of_draft, ~of_publication))

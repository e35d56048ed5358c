"""A large site to measure on: a few articles written through the API, and copies of their rows in bulk."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import Table, inspect, select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from cms.articles.model import Article
from cms.content.draft_model import Entry, Link, Slug
from cms.content.model import Publication, PublicationLink, Revision
from cms.db import Base
from tests.service import Caller, Service

TEMPLATES = 20
BATCH = 250
# In the order in which they refer to each other.
MODELS: tuple[type[Base], ...] = (Entry, Article, Link, Slug, Revision, Publication, PublicationLink)
NEWEST = datetime(2026, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


def fill(app: Flask, articles: int) -> list[str]:
    """Publish this many articles, each with an author, three tags, three questions and 8 KB of text; their slugs."""
    service = Service(app)
    chance = random.Random(2026)
    templates = _write_templates(service.editor, chance, min(TEMPLATES, articles))
    with service.services.database.transaction() as session:
        originals = [_rows_of(session, each) for each in templates]
    slugs = [str(rows["entries"][0]["slug"]) for rows in originals]
    copies = range(len(originals), articles)
    for start in range(0, len(copies), BATCH):
        with service.services.database.transaction() as session:
            slugs += _copy(session, originals, copies[start : start + BATCH])
    with service.services.database.transaction() as session:
        session.connection().exec_driver_sql("ANALYZE")
    return slugs


def _write_templates(editor: Caller, chance: random.Random, number: int) -> list[str]:
    tags = [editor.create_published("tags", name=f"Tag {each}")["id"] for each in range(30)]
    authors = [
        editor.create_published(
            "authors",
            name=f"Author {each}",
            bio=_text(chance, 40),
            avatar={"url": f"/portraits/{each}.jpg", "alt": "A portrait.", "width": 400, "height": 400},
        )["id"]
        for each in range(10)
    ]
    faqs = [
        editor.create_published("faqs", question=f"Question {each}?", answer=_text(chance, 40), tags=[tags[each]])["id"]
        for each in range(30)
    ]
    made = [
        editor.create_published(
            "articles",
            title=f"{_text(chance, 6)} {each}",
            summary=_text(chance, 30),
            body="\n\n".join(f"## {_text(chance, 4)}\n\n{_text(chance, 190)}" for _ in range(6)),
            authors=chance.sample(authors, 1),
            tags=chance.sample(tags, 3),
            faqs=chance.sample(faqs, 3),
        )
        for each in range(number)
    ]
    return [each["id"] for each in made]


PROSE = """
paper thread spine needle paste board cloth leather bench press knife bone fold sew mend dry warm smooth quiet morning
harbour reed book page cover edge corner slowly carefully before after under over with the and of a for in to from
"""


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(PROSE.split(), k=words))


def _rows_of(session: Session, entry_id: str) -> dict[str, list[Row]]:
    """All that one entry has, by table."""
    return {
        table.name: [dict(row._mapping) for row in session.execute(select(table).where(key == entry_id))]
        for table, key in _tables()
    }


def _tables() -> Iterator[tuple[Table, Any]]:
    for model in MODELS:
        table: Table = inspect(model).local_table  # type: ignore[assignment]
        yield table, table.c.id if model is Entry else table.c.entry_id


def _copy(session: Session, originals: list[dict[str, list[Row]]], numbers: range) -> list[str]:
    """Copy originals in turn under new ids, slugs and dates; returns the slugs."""
    copies = [_renewed(originals[number % len(originals)], number) for number in numbers]
    for table, _ in _tables():
        rows = [row for copy in copies for row in copy[table.name]]
        session.execute(table.insert(), rows)
    return [copy["entries"][0]["slug"] for copy in copies]


def _renewed(original: dict[str, list[Row]], number: int) -> dict[str, list[Row]]:
    entry_id, publication_id = str(uuid7()), str(uuid7())
    slug = f"{original['entries'][0]['slug'][:100]}-copy-{number}"
    moment = NEWEST - timedelta(minutes=37 * number)
    renewed: Row = {
        "entry_id": entry_id,
        "publication_id": publication_id,
        "slug": slug,
        "translation_group": entry_id,
        "published_at": moment,
        "updated_at": moment,
        "live_from": moment,
        "sort_time": moment,
        "created_at": moment,
    }
    copy = {
        name: [row | {column: renewed[column] for column in row.keys() & renewed.keys()} for row in rows]
        for name, rows in original.items()
    }
    for row in copy["entries"]:
        row["id"] = entry_id
    for row in copy["publications"]:
        row["id"] = publication_id
    for row in copy["articles"]:
        row["published_at"] = None
    for row in copy["revisions"]:
        row["data"] = row["data"] | {"slug": slug}
    return copy

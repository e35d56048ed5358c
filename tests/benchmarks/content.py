"""A large site to measure on: authors, tags and questions written through the API, and articles as rows in bulk.

The rows of an article are those of one that was published through the API, with what is its own put in their place.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import orjson
from sqlalchemy import Dialect, Table, select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from cms import clock
from cms.articles.model import Article
from cms.content.editing.model import Entry, Link, Slug
from cms.content.editing.sort_keys import sort_key
from cms.content.model import Publication, PublicationLink, Revision
from cms.db import Base
from cms.search.model import IndexedTokens, SearchDocument, Tokens
from cms.search.scope import scope_token
from tests.benchmarks.prose import Prose, Text
from tests.service import Service

NEWEST = datetime(2026, 1, 1, tzinfo=UTC)
APART = timedelta(minutes=5)
TAGS_AT_MOST = 300
AUTHORS_AT_MOST = 200
QUESTIONS_AT_MOST = 60
TAGS_EACH = 3
HOT_EVERY = 7
"""Without those of the author who never has the hot tag, about 13 % of all articles have it."""
RARE = 50
"""How many articles have the rarest tag and the rare word, however many there are."""
FEATURED_EVERY = 100
HOT_TAG, SECOND_TAG = "tag-0", "tag-1"
HOT_AUTHOR, SHY_AUTHOR = "author-0", "author-1"
"""The two who have written most; nothing of the second has the hot tag."""

Row = tuple[Any, ...]
# In the order in which they refer to each other.
MODELS: tuple[type[Base], ...] = (
    *(Entry, Article, Link, Slug, Revision),
    *(Publication, PublicationLink, SearchDocument),
)


@dataclass(frozen=True)
class Size:
    """How large a site is; everything else follows from it."""

    articles: int
    body_bytes: int

    @property
    def tags(self) -> int:
        return max(6, min(TAGS_AT_MOST, self.articles // 10))

    @property
    def authors(self) -> int:
        return max(3, min(AUTHORS_AT_MOST, self.articles // 10))

    @property
    def questions(self) -> int:
        return max(3, min(QUESTIONS_AT_MOST, self.articles // 10))

    @property
    def rare_tag(self) -> str:
        return f"tag-{self.tags - 1}"

    @property
    def rare_articles(self) -> int:
        return min(RARE, self.articles)

    def is_rare(self, number: int) -> bool:
        """Whether this article has the rarest tag and the rare word: a few, far apart."""
        apart = max(1, self.articles // RARE)
        return number % apart == 0 and number // apart < RARE


def slug_of(number: int) -> str:
    """The slug of an article; 0 is the oldest."""
    return f"article-{number:07}"


def table_of(model: type[Base]) -> Table:
    """The table of a model."""
    table: Table = model.__table__  # type: ignore[assignment]
    return table


@dataclass(frozen=True)
class Others:
    """The ids of what articles refer to, the most used first."""

    authors: list[str]
    tags: list[str]
    faqs: list[str]


def write_others(service: Service, size: Size) -> Others:
    """Write authors, tags and questions through the API."""
    editor = service.editor
    return Others(
        authors=[
            editor.create_published(
                "authors",
                name=f"Author {each}",
                bio="Mends books by the harbour, and writes about paper, thread and patience.",
                avatar={"url": f"/portraits/{each}.jpg", "alt": "A portrait.", "width": 400, "height": 400},
            )["id"]
            for each in range(size.authors)
        ],
        tags=[editor.create_published("tags", name=f"Tag {each}")["id"] for each in range(size.tags)],
        faqs=[
            editor.create_published("faqs", question=f"Question {each}?", answer="As long as the paste needs to dry.")[
                "id"
            ]
            for each in range(size.questions)
        ],
    )


def write_template(service: Service, others: Others) -> str:
    """Publish the article that all others are made after; its id."""
    made = service.editor.create_published(
        "articles",
        title="A template",
        summary="It is trashed when the others are there.",
        body="Nothing.",
        authors=others.authors[:1],
        tags=others.tags[:1],
        faqs=others.faqs[:1],
    )
    return str(made["id"])


class Articles:
    """Makes the rows of articles, table by table, as text and numbers that both databases take."""

    def __init__(self, session: Session, template: str, others: Others, size: Size) -> None:
        self.size = size
        self.prose = Prose(size.body_bytes)
        self.word_counts: Counter[str] = Counter()
        """How many articles have each word."""
        self._others = others
        self._dialect: Dialect = session.get_bind().dialect
        self._chance = random.Random(size.articles)
        self._rows = {model.__tablename__: _row_of(session, table_of(model), template) for model in MODELS}
        self._data: dict[str, Any] = orjson.loads(self._rows["revisions"]["data"])
        self._first_document = session.scalars(select(SearchDocument.id).order_by(SearchDocument.id.desc())).first()
        self._author_weights = _uneven(size.authors)
        self._tag_weights = _uneven(size.tags - 2)

    @property
    def columns(self) -> dict[str, list[str]]:
        """The columns of each table's rows."""
        return {name: list(row) for name, row in self._rows.items()}

    def batches(self, of: int) -> Iterator[dict[str, list[Row]]]:
        """The rows of so many articles at a time, the oldest first, by table."""
        for start in range(0, self.size.articles, of):
            batch: dict[str, list[Row]] = {name: [] for name in self._rows}
            for number in range(start, min(start + of, self.size.articles)):
                self._add(batch, number)
            yield batch

    def _add(self, batch: dict[str, list[Row]], number: int) -> None:
        text = self.prose.text(is_rare=self.size.is_rare(number))
        self.word_counts.update(text.words)
        at = clock.to_wire(NEWEST - APART * (self.size.articles - 1 - number))
        own = {
            "entry_id": str(uuid7()),
            "publication_id": str(uuid7()),
            "slug": slug_of(number),
            "label": sort_key(text.title),
            "facet": "featured" if number % FEATURED_EVERY == FEATURED_EVERY // 2 else "",
        }
        references = self._references(number)
        self._add_draft(batch, own, text, at, references)
        self._add_revision(batch, own, text, at, references)
        self._add_publication(batch, own, at, references)
        self._add_document(batch, own, text, at, number, references)

    def _references(self, number: int) -> list[tuple[str, int, str]]:
        """What an article refers to: the field, the position and the id of each."""
        author = self._chance.choices(range(self.size.authors), cum_weights=self._author_weights)[0]
        tags = [0] if author != 1 and number % HOT_EVERY == HOT_EVERY // 2 else []
        if self.size.is_rare(number):
            tags.append(self.size.tags - 1)
        while len(tags) < TAGS_EACH:
            tag = self._chance.choices(range(1, self.size.tags - 1), cum_weights=self._tag_weights)[0]
            if tag not in tags:
                tags.append(tag)
        return [
            ("authors", 0, self._others.authors[author]),
            *(("tags", position, self._others.tags[tag]) for position, tag in enumerate(tags)),
            ("faqs", 0, self._others.faqs[number % self.size.questions]),
        ]

    def _add_draft(
        self,
        batch: dict[str, list[Row]],
        own: dict[str, str],
        text: Text,
        at: str,
        references: list[tuple[str, int, str]],
    ) -> None:
        entry_id, slug = own["entry_id"], own["slug"]
        times = {"created_at": at, "updated_at": at}
        self._put(batch, "entries", id=entry_id, slug=slug, label=own["label"], **times)
        self._put(
            batch,
            "articles",
            entry_id=entry_id,
            title=text.title,
            summary=text.summary,
            body=_json({"format": text.body["format"], "source": text.body["source"]}),
            featured=int(bool(own["facet"])),
        )
        for field, position, target in references:
            self._put(batch, "links", entry_id=entry_id, field=field, position=position, target_id=target)
        self._put(batch, "slugs", slug=slug, entry_id=entry_id)

    def _add_revision(
        self,
        batch: dict[str, list[Row]],
        own: dict[str, str],
        text: Text,
        at: str,
        references: list[tuple[str, int, str]],
    ) -> None:
        ids = {
            field: [target for each, _, target in references if each == field] for field in ("authors", "tags", "faqs")
        }
        data = {"title": text.title, "slug": own["slug"], "summary": text.summary, "featured": bool(own["facet"])}
        self._put(
            batch,
            "revisions",
            entry_id=own["entry_id"],
            created_at=at,
            data=_json(self._data | data | ids),
            outline=_json({"body": text.outline}),
            bodies=_json({"body": text.body}),
        )

    def _add_publication(
        self, batch: dict[str, list[Row]], own: dict[str, str], at: str, references: list[tuple[str, int, str]]
    ) -> None:
        entry_id, publication_id = own["entry_id"], own["publication_id"]
        shared = {
            "entry_id": entry_id,
            "live_from": at,
            "published_at": at,
            "updated_at": at,
            "sort_text": own["label"],
            "sort_time": at,
            "facet": own["facet"],
        }
        self._put(batch, "publications", id=publication_id, slug=own["slug"], translation_group=entry_id, **shared)
        for field, position, target in references:
            named = {"publication_id": publication_id, "field": field, "position": position, "target_id": target}
            self._put(batch, "publication_links", **named, **shared)

    def _add_document(
        self,
        batch: dict[str, list[Row]],
        own: dict[str, str],
        text: Text,
        at: str,
        number: int,
        references: list[tuple[str, int, str]],
    ) -> None:
        # In the order in which indexing reads them: by field, then by position.
        targets = [target for _, _, target in sorted(references)]
        tokens = Tokens(
            title=text.title_stems,
            summary=text.summary_stems,
            body=text.body_stems,
            scope=[scope_token(each) for each in ("article", *targets)],
        )
        self._put(
            batch,
            "search_documents",
            id=(self._first_document or 0) + 1 + number,
            publication_id=own["publication_id"],
            translation_group=own["entry_id"],
            live_from=at,
            tokens=IndexedTokens().process_bind_param(tokens, self._dialect),
        )

    def _put(self, batch: dict[str, list[Row]], table: str, **own: Any) -> None:
        batch[table].append(tuple((self._rows[table] | own).values()))


def _row_of(session: Session, table: Table, template: str) -> dict[str, Any]:
    """One row of the template, as text and numbers."""
    if table.name == "search_documents":
        key = table.c.translation_group
    else:
        key = table.c.id if table.name == "entries" else table.c.entry_id
    row = session.execute(select(table).where(key == template).limit(1)).one()
    return {name: _plain(value) for name, value in row._mapping.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.to_wire(value)
    if isinstance(value, bool):
        return int(value)
    return _json(value) if isinstance(value, dict | list) else value


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _uneven(number: int) -> list[float]:
    """Weights, added up, of which the first is the greatest."""
    return list(accumulate(1 / (rank + 1) for rank in range(number)))

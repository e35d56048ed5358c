"""Adds documents to an index and removes them, in the transaction of the write."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Delete,
    Update,
    bindparam,
    case,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    table,
    update,
)
from sqlalchemy.orm import Session

from cms.db import insert_for
from cms.search import postgresql, sqlite
from cms.search.analysis import composed, stems_of
from cms.search.model import EVERY_DOCUMENT, PAST_INDEX, PUBLISHED_INDEX, SearchIndex, Tokens
from cms.search.scope import scope_token

BODY_WORDS = 15_000
"""The number of words of a text that are indexed. PostgreSQL has no positions beyond 16,383."""
PAGES_AT_MOST = 25_000
"""The size in pages of 4 KB up to which SQLite's index is rewritten at once, which takes about a second."""

Stemmed = tuple[str, str]
"""A word's stem and its folded form."""


@dataclass(frozen=True)
class Texts:
    """The searched texts of an entry, as plain text."""

    title: str
    summary: str
    body: str


@dataclass(frozen=True)
class IndexedText:
    """A publication or a draft to be indexed. ``references`` are the ids of the entries that it refers to.

    For a draft, ``publication_id`` is its own id, and it has no times.
    """

    publication_id: str
    type: str
    locale: str
    translation_group: str
    texts: Texts
    references: Sequence[str] = ()
    live_from: datetime | None = None
    live_until: datetime | None = None


def put(session: Session, document: IndexedText, index: SearchIndex = PUBLISHED_INDEX) -> None:
    """Add a document to an index. Documents that are added later count as newer."""
    title, summary, body = _words(document.texts, document.locale)
    tokens = Tokens(
        title=_tokens(title, document.locale),
        summary=_tokens(summary, document.locale),
        body=_tokens(body, document.locale),
        scope=[scope_token(each) for each in (document.type, *dict.fromkeys(document.references))],
    )
    times = {"live_from": document.live_from, "live_until": document.live_until} if index.is_timed else {}
    session.execute(
        insert(index.documents).values(
            publication_id=document.publication_id,
            type=document.type,
            locale=document.locale,
            translation_group=document.translation_group,
            tokens=tokens,
            **times,
        )
    )
    if index.words is not None:
        _count(session, index, document.locale, _stems_by_word(document.type, (title, summary, body)))


def _words(texts: Texts, locale: str) -> tuple[list[Stemmed], ...]:
    """The words of the title, the summary and the body."""
    fields = (texts.title, texts.summary, texts.body)
    return tuple(stems_of(composed(each), locale)[:BODY_WORDS] for each in fields)


def _tokens(words: Iterable[Stemmed], locale: str) -> list[str]:
    """The stems as tokens of the index. They begin with the locale, so that "hand" in two languages is two tokens."""
    return [f"{locale}:{stem}" for stem, _ in words]


def _stems_by_word(type_name: str, fields: Iterable[Iterable[Stemmed]]) -> dict[str, str]:
    """The stem of every word, and the two entries that count documents: those of the locale and those of the type."""
    stems = {word: stem for words in fields for stem, word in words}
    return stems | {counter: counter for counter in (EVERY_DOCUMENT, scope_token(type_name))}


def _count(session: Session, index: SearchIndex, locale: str, stems: dict[str, str]) -> None:
    """Add one to the number of documents of each word."""
    statement = _count_statement(session.get_bind().dialect.name, insert_for(session), index)
    session.execute(statement, {"locale": locale, "words": _json_object(stems)})


@lru_cache(maxsize=8)
def _count_statement(dialect: str, insert: Callable[[Any], Any], index: SearchIndex) -> Any:
    given = (postgresql if dialect == "postgresql" else sqlite).given_words()
    search_words, word = index.words, given.c.key
    shape = func.substr(word, 1, 1) + func.length(word).cast(search_words.c.shape.type)
    # The condition is always true. Without it SQLite would read ON CONFLICT as the ON of a join.
    rows = select(bindparam("locale"), word, given.c.value, shape, literal(1), literal(1)).where(word.is_not(None))
    columns = ["locale", "word", "stem", "shape", "magnitude", "documents"]
    counted = search_words.c.documents + 1
    counts = insert(search_words).from_select(columns, rows)
    updated = {"documents": counted, "magnitude": _magnitude(counted)}
    return counts.on_conflict_do_update(index_elements=["locale", "word"], set_=updated)


def _json_object(stems: dict[str, str]) -> str:
    """The JSON object of the words, sorted, so that neighbours in the table are written together."""
    return orjson.dumps(stems, option=orjson.OPT_SORT_KEYS).decode()


def _magnitude(documents: ColumnElement[int]) -> ColumnElement[int]:
    return case(*((documents < 10**digits, digits) for digits in range(1, 7)), else_=7)


def move_to_past(session: Session, publication_id: str, live_until: datetime) -> None:
    """Copy a publication that has ended to the index of the past, if it is indexed. Call ``remove`` afterwards."""
    published, past = PUBLISHED_INDEX.documents, PAST_INDEX.documents
    kept = [column.name for column in published.columns if column.name not in ("id", "live_until")]
    found = select(*(published.c[name] for name in kept), literal(live_until, published.c.live_until.type)).where(
        published.c.publication_id == publication_id
    )
    session.execute(insert(past).from_select([*kept, "live_until"], found))


def remove(
    session: Session,
    publication_id: str,
    type_name: str,
    locale: str,
    texts: Texts,
    index: SearchIndex = PUBLISHED_INDEX,
) -> None:
    """Remove a document, if it is indexed, and uncount its words. ``texts`` must be those that it was added with."""
    removed: Any = session.execute(_remove_statement(index), {"removed": publication_id})
    if not removed.rowcount or index.words is None:
        return
    values = {"counted": locale, "words": _json_object(_stems_by_word(type_name, _words(texts, locale)))}
    for statement in _uncount_statements(session.get_bind().dialect.name, index):
        session.execute(statement, values)


@lru_cache(maxsize=8)
def _remove_statement(index: SearchIndex) -> Delete:
    publication_id = index.documents.c.publication_id
    return delete(index.documents).where(publication_id == bindparam("removed", type_=publication_id.type))


@lru_cache(maxsize=8)
def _uncount_statements(dialect: str, index: SearchIndex) -> tuple[Update, Delete]:
    """The statements that uncount words. A word that no document has is deleted: nothing of an erased text is left."""
    given = (postgresql if dialect == "postgresql" else sqlite).given_words()
    search_words = index.words
    named = (search_words.c.locale == bindparam("counted"), search_words.c.word.in_(select(given.c.key)))
    counted = search_words.c.documents - 1
    return (
        update(search_words).where(*named).values(documents=counted, magnitude=_magnitude(counted)),
        delete(search_words).where(*named, search_words.c.documents <= 0),
    )


def set_end(session: Session, publication_id: str, live_until: datetime) -> None:
    """Set the instant at which a publication ends."""
    documents = PUBLISHED_INDEX.documents
    session.execute(update(documents).where(documents.c.publication_id == publication_id).values(live_until=live_until))


def hand_over_translations(session: Session, original: str, heir: str, index: SearchIndex = PUBLISHED_INDEX) -> None:
    """Move the translations of one entry to another, which is the original of the group from now on."""
    documents = index.documents
    session.execute(update(documents).where(documents.c.translation_group == original).values(translation_group=heir))


def scrub(session: Session, index: SearchIndex) -> None:
    """Erase the words of removed documents from SQLite's index, which otherwise keeps them until it merges its parts.

    A very large index is left as it is, since rewriting it would delay every writer.
    """
    if session.get_bind().dialect.name != "sqlite":
        return
    pages = session.scalar(select(func.count()).select_from(table(f"{index.fts5}_idx")))
    if pages is not None and pages <= PAGES_AT_MOST:
        session.execute(insert(table(index.fts5, column(index.fts5))).values({index.fts5: "optimize"}))


def clear(session: Session, index: SearchIndex = PUBLISHED_INDEX) -> None:
    """Empty an index, so that it can be filled again."""
    session.execute(delete(index.documents))
    if index.words is not None:
        session.execute(delete(index.words))

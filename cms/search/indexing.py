"""Puts documents into an index and takes them out, in the transaction of the change that does so."""

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
"""How far into a text its words are found; PostgreSQL knows no places beyond 16,383."""
PAGES_AT_MOST = 25_000
"""Up to what size, in pages of 4 KB, SQLite's index is rewritten at once: about a second's work."""


Stemmed = tuple[str, str]
"""A word's stem and the word itself, folded."""


@dataclass(frozen=True)
class Texts:
    """What of an entry is searched, as plain text."""

    title: str
    summary: str
    body: str


@dataclass(frozen=True)
class IndexedText:
    """A publication, or a draft as if it were one, to be searched; ``references`` are the entries it refers to.

    A draft has no times.
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
    """Add what is to be found; later ones count as newer."""
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
    """The words of each field."""
    fields = (texts.title, texts.summary, texts.body)
    return tuple(stems_of(composed(each), locale)[:BODY_WORDS] for each in fields)


def _tokens(words: Iterable[Stemmed], locale: str) -> list[str]:
    """Words carry their locale, so that "hand" is not the same word in two languages."""
    return [f"{locale}:{stem}" for stem, _ in words]


def _stems_by_word(type_name: str, fields: Iterable[Iterable[Stemmed]]) -> dict[str, str]:
    """Every word with its stem, and what counts the documents themselves."""
    stems = {word: stem for words in fields for stem, word in words}
    return stems | {counter: counter for counter in (EVERY_DOCUMENT, scope_token(type_name))}


def _count(session: Session, index: SearchIndex, locale: str, stems: dict[str, str]) -> None:
    """Add one to the number of documents that have each word."""
    statement = _counting(session.get_bind().dialect.name, insert_for(session), index)
    session.execute(statement, {"locale": locale, "words": _object(stems)})


@lru_cache(maxsize=8)
def _counting(dialect: str, insert: Callable[[Any], Any], index: SearchIndex) -> Any:
    given = (postgresql if dialect == "postgresql" else sqlite).given_words()
    search_words, word = index.words, given.c.key
    shape = func.substr(word, 1, 1) + func.length(word).cast(search_words.c.shape.type)
    # The condition, always true, is what tells SQLite that the conflict is not one of a join.
    rows = select(bindparam("locale"), word, given.c.value, shape, literal(1), literal(1)).where(word.is_not(None))
    columns = ["locale", "word", "stem", "shape", "magnitude", "documents"]
    counted = search_words.c.documents + 1
    counts = insert(search_words).from_select(columns, rows)
    updated = {"documents": counted, "magnitude": _magnitude(counted)}
    return counts.on_conflict_do_update(index_elements=["locale", "word"], set_=updated)


def _object(stems: dict[str, str]) -> str:
    """A JSON object, sorted: neighbours in the table are written together."""
    return orjson.dumps(stems, option=orjson.OPT_SORT_KEYS).decode()


def _magnitude(documents: ColumnElement[int]) -> ColumnElement[int]:
    return case(*((documents < 10**digits, digits) for digits in range(1, 7)), else_=7)


def move_to_past(session: Session, publication_id: str, live_until: datetime) -> None:
    """Copy a publication that is over, if it is there, to where the past is searched; ``remove`` follows."""
    here, there = PUBLISHED_INDEX.documents, PAST_INDEX.documents
    kept = [column.name for column in here.columns if column.name not in ("id", "live_until")]
    found = select(*(here.c[name] for name in kept), literal(live_until, here.c.live_until.type)).where(
        here.c.publication_id == publication_id
    )
    session.execute(insert(there).from_select([*kept, "live_until"], found))


def remove(
    session: Session,
    publication_id: str,
    type_name: str,
    locale: str,
    texts: Texts,
    index: SearchIndex = PUBLISHED_INDEX,
) -> None:
    """Remove a document, if it is there, and its words from the numbers; its texts are those it was put in with."""
    removed: Any = session.execute(_removal(index), {"removed": publication_id})
    if not removed.rowcount or index.words is None:
        return
    values = {"counted": locale, "words": _object(_stems_by_word(type_name, _words(texts, locale)))}
    for statement in _uncounting(session.get_bind().dialect.name, index):
        session.execute(statement, values)


@lru_cache(maxsize=8)
def _removal(index: SearchIndex) -> Delete:
    publication_id = index.documents.c.publication_id
    return delete(index.documents).where(publication_id == bindparam("removed", type_=publication_id.type))


@lru_cache(maxsize=8)
def _uncounting(dialect: str, index: SearchIndex) -> tuple[Update, Delete]:
    """Words that no document has are forgotten: nothing is left of what was erased."""
    given = (postgresql if dialect == "postgresql" else sqlite).given_words()
    search_words = index.words
    named = (search_words.c.locale == bindparam("counted"), search_words.c.word.in_(select(given.c.key)))
    counted = search_words.c.documents - 1
    return (
        update(search_words).where(*named).values(documents=counted, magnitude=_magnitude(counted)),
        delete(search_words).where(*named, search_words.c.documents <= 0),
    )


def set_end(session: Session, publication_id: str, live_until: datetime) -> None:
    """Note that a publication ends at another time."""
    documents = PUBLISHED_INDEX.documents
    session.execute(update(documents).where(documents.c.publication_id == publication_id).values(live_until=live_until))


def hand_over_translations(session: Session, original: str, heir: str, index: SearchIndex = PUBLISHED_INDEX) -> None:
    """Note that the translations of one entry are now those of another."""
    documents = index.documents
    session.execute(update(documents).where(documents.c.translation_group == original).values(translation_group=heir))


def scrub(session: Session, index: SearchIndex) -> None:
    """Let nothing be left of what has been taken out: SQLite keeps its words until it comes to rewrite them.

    A very large index is left to that, since rewriting it would hold up every writer.
    """
    if session.get_bind().dialect.name != "sqlite":
        return
    pages = session.scalar(select(func.count()).select_from(table(f"{index.fts5}_idx")))
    if pages is not None and pages <= PAGES_AT_MOST:
        session.execute(insert(table(index.fts5, column(index.fts5))).values({index.fts5: "optimize"}))


def clear(session: Session, index: SearchIndex = PUBLISHED_INDEX) -> None:
    """Empty an index, to fill it anew."""
    session.execute(delete(index.documents))
    if index.words is not None:
        session.execute(delete(index.words))

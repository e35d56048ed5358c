"""Puts documents into the index and takes them out, in the transaction of the change that does so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Delete, Update, bindparam, case, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from cms.search import postgresql, sqlite
from cms.search.analysis import composed, stems_of
from cms.search.model import EVERY_DOCUMENT, SearchDocument, SearchWord, Tokens
from cms.search.scope import scope_token

BODY_WORDS = 15_000
"""How far into a text its words are found; PostgreSQL knows no places beyond 16,383."""


# Core tables: no identity map has to follow what is written here.
documents: Any = SearchDocument.__table__
search_words: Any = SearchWord.__table__


Stemmed = tuple[str, str]
"""A word's stem and the word itself, folded."""


@dataclass(frozen=True)
class Texts:
    """What of an entry is searched, as plain text."""

    title: str
    summary: str
    body: str


@dataclass(frozen=True)
class Document:
    """A publication to be searched; ``references`` are the entries that it refers to."""

    publication_id: str
    type: str
    locale: str
    translation_group: str
    live_from: datetime
    live_until: datetime
    texts: Texts
    references: Sequence[str] = ()


def put_in(session: Session, document: Document) -> None:
    """Add a publication that is live or planned; later ones count as newer."""
    title, summary, body = _words(document.texts, document.locale)
    tokens = Tokens(
        title=_tokens(title, document.locale),
        summary=_tokens(summary, document.locale),
        body=_tokens(body, document.locale),
        scope=[scope_token(each) for each in (document.type, *dict.fromkeys(document.references))],
    )
    session.execute(
        insert(documents).values(
            publication_id=document.publication_id,
            type=document.type,
            locale=document.locale,
            translation_group=document.translation_group,
            live_from=document.live_from,
            live_until=document.live_until,
            tokens=tokens,
        )
    )
    _count(session, document.locale, _stems_by_word(document.type, (title, summary, body)))


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


def _count(session: Session, locale: str, stems: dict[str, str]) -> None:
    """Add one to the number of documents that have each word."""
    session.execute(_counting(session.get_bind().dialect.name), {"locale": locale, "words": _object(stems)})


@lru_cache(maxsize=2)
def _counting(dialect: str) -> Any:
    given = (postgresql if dialect == "postgresql" else sqlite).given_words()
    word = given.c.key
    shape = func.substr(word, 1, 1) + func.length(word).cast(search_words.c.shape.type)
    # The condition, always true, is what tells SQLite that the conflict is not one of a join.
    rows = select(bindparam("locale"), word, given.c.value, shape, literal(1), literal(1)).where(word.is_not(None))
    columns = ["locale", "word", "stem", "shape", "magnitude", "documents"]
    counted = search_words.c.documents + 1
    insertion = (postgresql_insert if dialect == "postgresql" else sqlite_insert)(search_words)
    return insertion.from_select(columns, rows).on_conflict_do_update(
        index_elements=["locale", "word"], set_={"documents": counted, "magnitude": _magnitude(counted)}
    )


def _object(stems: dict[str, str]) -> str:
    """A JSON object, sorted: neighbours in the table are written together."""
    return orjson.dumps(stems, option=orjson.OPT_SORT_KEYS).decode()


def _magnitude(documents: ColumnElement[int]) -> ColumnElement[int]:
    return case(*((documents < 10**digits, digits) for digits in range(1, 7)), else_=7)


def take_out(session: Session, publication_id: str, type_name: str, locale: str, texts: Texts) -> None:
    """Remove a publication, if it is there, and its words from the numbers; its texts are those it was put in with."""
    removed: Any = session.execute(_removal(), {"removed": publication_id})
    if not removed.rowcount:
        return
    values = {"counted": locale, "words": _object(_stems_by_word(type_name, _words(texts, locale)))}
    for statement in _uncounting(session.get_bind().dialect.name):
        session.execute(statement, values)


@lru_cache(maxsize=1)
def _removal() -> Delete:
    publication_id = documents.c.publication_id
    return delete(documents).where(publication_id == bindparam("removed", type_=publication_id.type))


@lru_cache(maxsize=2)
def _uncounting(dialect: str) -> tuple[Update, Delete]:
    """Words that no document has are forgotten: nothing is left of what was erased."""
    given = (postgresql if dialect == "postgresql" else sqlite).given_words()
    named = (search_words.c.locale == bindparam("counted"), search_words.c.word.in_(select(given.c.key)))
    counted = search_words.c.documents - 1
    return (
        update(search_words).where(*named).values(documents=counted, magnitude=_magnitude(counted)),
        delete(search_words).where(*named, search_words.c.documents <= 0),
    )


def set_end(session: Session, publication_id: str, live_until: datetime) -> None:
    """Note that a publication ends at another time."""
    session.execute(update(documents).where(documents.c.publication_id == publication_id).values(live_until=live_until))


def pass_on_translations(session: Session, original: str, heir: str) -> None:
    """Note that the translations of one entry are now those of another."""
    session.execute(update(documents).where(documents.c.translation_group == original).values(translation_group=heir))


def clear(session: Session) -> None:
    """Empty the index, to fill it anew."""
    session.execute(delete(documents))
    session.execute(delete(search_words))

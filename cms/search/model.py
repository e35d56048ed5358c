"""The tables of search indexes: of what is live or planned, and of what is over; drafts have one elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    DDL,
    BigInteger,
    ColumnElement,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    and_,
    bindparam,
    event,
    true,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeEngine

from cms.db import Base, Collated, Identifier, UTCDateTime

NAME_LENGTH = 40
EVERY_DOCUMENT = ""
"""The word that counts the documents of a locale."""
# Enough that no phrase reaches from one field into the next.
GAP = 10
OCCURRENCES = 255
"""How often one word counts in one document on PostgreSQL."""


@dataclass(frozen=True)
class Tokens:
    """What the index holds of a document: the words of each field in order, and what it can be filtered by."""

    title: Sequence[str]
    summary: Sequence[str]
    body: Sequence[str]
    scope: Sequence[str]


class IndexedTokens(TypeDecorator[Tokens]):
    """A ``tsvector`` on PostgreSQL; on SQLite the JSON from which triggers keep the FTS5 table."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Tokens | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            return _vector(value)
        fields = (value.title, value.summary, value.body, value.scope)
        return orjson.dumps([" ".join(each) for each in fields]).decode()


def _vector(tokens: Tokens) -> str:
    """The text form of a tsvector: each word with its places and the weight of its field."""
    places: dict[str, list[str]] = {}
    place = 1
    for words, weight in ((tokens.title, "A"), (tokens.summary, "B"), (tokens.body, "D")):
        for word in words:
            places.setdefault(word, []).append(f"{place}{weight}")
            place += 1
        place += GAP
    named = [f"{quoted(word)}:{','.join(at[:OCCURRENCES])}" for word, at in places.items()]
    return " ".join([*named, *map(quoted, tokens.scope)])


def quoted(token: str) -> str:
    """A token as text of a tsvector or a tsquery; the words of ``analysis`` have nothing in them to escape."""
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"


class SearchedDocument:
    """What is searched, in whichever index. Later ones have higher numbers.

    Type, locale and times are copied, so that finding the newest matches reads nothing else.
    """

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    type: Mapped[str] = mapped_column(String(NAME_LENGTH))
    locale: Mapped[str] = mapped_column(String(NAME_LENGTH))
    translation_group: Mapped[str] = mapped_column(Identifier)
    # The last column: on SQLite what stands before a long one is read without it.
    tokens: Mapped[Tokens] = mapped_column(IndexedTokens, sort_order=1)


class SearchedPublication(SearchedDocument):
    """A publication as it is searched, with its times."""

    @declared_attr
    @classmethod
    def publication_id(cls) -> Mapped[str]:
        return mapped_column(Identifier, ForeignKey("publications.id", ondelete="CASCADE"))

    live_from: Mapped[datetime] = mapped_column(UTCDateTime)
    live_until: Mapped[datetime] = mapped_column(UTCDateTime)


def document_indexes(table: str) -> tuple[Any, ...]:
    """What documents are found by, whichever table they are in."""
    return (
        Index(f"ix_{table}_publication", "publication_id", unique=True),
        Index(f"ix_{table}_translations", "translation_group"),
        # Nothing waits in a pending list, which every search would have to read through.
        Index(f"ix_{table}_tokens", "tokens", postgresql_using="gin", postgresql_with={"fastupdate": "off"}).ddl_if(
            dialect="postgresql"
        ),
    )


class SearchDocument(SearchedPublication, Base):
    """What is live or planned; all that is searched but by those who look at the past."""

    __tablename__ = "search_documents"
    __table_args__ = (
        *document_indexes("search_documents"),
        Index("ix_search_documents_live_from", "live_from"),
        Index("ix_search_documents_live_until", "live_until"),
        # PostgreSQL walks back through the documents of a type; SQLite's posting lists are in that order themselves.
        Index("ix_search_documents_type", "type", "id", postgresql_using="btree").ddl_if(dialect="postgresql"),
    )


class PastSearchDocument(SearchedPublication, Base):
    """What is over, moved here when its end is seen: searches of the present never read it."""

    __tablename__ = "past_search_documents"
    __table_args__ = document_indexes("past_search_documents")


class CountedWord:
    """How many documents of a locale have a word, for suggestions and for telling hot words from rare ones."""

    locale: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True)
    word: Mapped[str] = mapped_column(Collated, primary_key=True)
    stem: Mapped[str] = mapped_column(Collated)
    shape: Mapped[str] = mapped_column(Collated)
    """The first letter and the length: what a word has in common with most of its misspellings."""
    magnitude: Mapped[int] = mapped_column(SmallInteger)
    """The number of digits of ``documents``. Unlike that it seldom changes, so that its index is cheap to keep."""
    documents: Mapped[int] = mapped_column(BigInteger)


def word_indexes(table: str) -> tuple[Any, ...]:
    """What words are found by, whichever table they are in."""
    return (
        Index(f"ix_{table}_stem", "locale", "stem"),
        Index(f"ix_{table}_shape", "locale", "shape", "magnitude"),
    )


class SearchWord(CountedWord, Base):
    """The words of what is live or planned."""

    __tablename__ = "search_words"
    __table_args__ = word_indexes("search_words")


@dataclass(frozen=True, eq=False)
class SearchIndex:
    """The tables of one index; ``fts5`` is SQLite's own, and an index without words counts none."""

    documents: Any
    words: Any
    fts5: str

    @property
    def is_timed(self) -> bool:
        """Whether what is in it begins and ends."""
        return "live_from" in self.documents.c


# Core tables: no identity map has to follow what is written here.
PUBLISHED_INDEX = SearchIndex(SearchDocument.__table__, SearchWord.__table__, "search_index")
PAST_INDEX = SearchIndex(PastSearchDocument.__table__, None, "past_search_index")


def is_live(columns: Any, written: Callable[[Any], Any] = lambda time: time) -> ColumnElement[bool]:
    """The WHERE clause of the timeline over documents, at the parameter ``at``; without times all are there.

    ``written`` says how a time is put for a database that is to look at it in one way and not in another.
    """
    if "live_from" not in columns:
        return true()
    at = bindparam("at", type_=UTCDateTime)
    return and_(written(columns.live_from) <= at, at < written(columns.live_until))


# FTS5 cuts these texts at spaces only: every other character that a token may have is one of a word to it.
FTS5 = (
    """
    CREATE VIRTUAL TABLE search_index USING fts5(
        title, summary, body, scope, content='', tokenize='ascii tokenchars ''-:=_'''
    )
    """,
    """
    CREATE TRIGGER search_documents_inserted AFTER INSERT ON search_documents BEGIN
        INSERT INTO search_index(rowid, title, summary, body, scope) VALUES (
            new.id,
            json_extract(new.tokens, '$[0]'),
            json_extract(new.tokens, '$[1]'),
            json_extract(new.tokens, '$[2]'),
            json_extract(new.tokens, '$[3]')
        );
    END
    """,
    """
    CREATE TRIGGER search_documents_deleted AFTER DELETE ON search_documents BEGIN
        INSERT INTO search_index(search_index, rowid, title, summary, body, scope) VALUES (
            'delete',
            old.id,
            json_extract(old.tokens, '$[0]'),
            json_extract(old.tokens, '$[1]'),
            json_extract(old.tokens, '$[2]'),
            json_extract(old.tokens, '$[3]')
        );
    END
    """,
)
"""What SQLite needs beside the tables: the index, and the triggers that keep it, cascades included."""


def index_on_sqlite(table: Any, prefix: str = "") -> None:
    """Let SQLite make and drop its index with the table of documents, the names of both begun with a prefix."""
    for statement in FTS5:
        event.listen(table, "after_create", _for_sqlite(statement.replace("search_", f"{prefix}search_")))
    event.listen(table, "before_drop", _for_sqlite(f"DROP TABLE IF EXISTS {prefix}search_index"))


def _for_sqlite(statement: str) -> Any:
    ddl: Any = DDL
    return ddl(statement).execute_if(dialect="sqlite")


index_on_sqlite(SearchDocument.__table__)
index_on_sqlite(PastSearchDocument.__table__, "past_")

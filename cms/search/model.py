"""The tables of the search indexes: one for live and planned publications and one for past ones.

The index of drafts is declared with preview.
"""

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
"""The word whose count is the number of documents of a locale."""
# Positions between two fields, enough that no phrase matches across them.
GAP = 10
OCCURRENCES = 255
"""The number of positions of one word that PostgreSQL keeps in one document."""


@dataclass(frozen=True)
class Tokens:
    """The tokens of a document: the words of each field in order, and the tokens that it can be filtered by."""

    title: Sequence[str]
    summary: Sequence[str]
    body: Sequence[str]
    scope: Sequence[str]


class IndexedTokens(TypeDecorator[Tokens]):
    """A ``tsvector`` on PostgreSQL. On SQLite it is JSON, from which triggers maintain the FTS5 table."""

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
    """The text form of a ``tsvector``: each word with its positions and the weight of its field.

    Example: ``'en:vellum':1A,22D '=article'``.
    """
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
    """A token, quoted for the text of a ``tsvector`` or a ``tsquery``."""
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"


class SearchedDocument:
    """The columns of a searched document, in every index. Newer documents have higher numbers.

    Type, locale and times are copied here, so that finding the newest matches reads no other table.
    """

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    type: Mapped[str] = mapped_column(String(NAME_LENGTH))
    locale: Mapped[str] = mapped_column(String(NAME_LENGTH))
    translation_group: Mapped[str] = mapped_column(Identifier)
    # This is the last column: SQLite reads the columns before a long one without reading it.
    tokens: Mapped[Tokens] = mapped_column(IndexedTokens, sort_order=1)


class SearchedPublication(SearchedDocument):
    """A searched publication, with its times."""

    @declared_attr
    @classmethod
    def publication_id(cls) -> Mapped[str]:
        return mapped_column(Identifier, ForeignKey("publications.id", ondelete="CASCADE"))

    live_from: Mapped[datetime] = mapped_column(UTCDateTime)
    live_until: Mapped[datetime] = mapped_column(UTCDateTime)


def document_indexes(table: str) -> tuple[Any, ...]:
    """The indexes of a table of documents."""
    return (
        Index(f"ix_{table}_publication", "publication_id", unique=True),
        Index(f"ix_{table}_translations", "translation_group"),
        # Without fast updates there is no pending list, which every search would have to read.
        Index(f"ix_{table}_tokens", "tokens", postgresql_using="gin", postgresql_with={"fastupdate": "off"}).ddl_if(
            dialect="postgresql"
        ),
    )


class SearchDocument(SearchedPublication, Base):
    """The live and planned publications. Every search reads them, except a search of the past."""

    __tablename__ = "search_documents"
    __table_args__ = (
        *document_indexes("search_documents"),
        Index("ix_search_documents_live_from", "live_from"),
        Index("ix_search_documents_live_until", "live_until"),
        # PostgreSQL scans back through the documents of a type. SQLite's posting lists already have that order.
        Index("ix_search_documents_type", "type", "id", postgresql_using="btree").ddl_if(dialect="postgresql"),
    )


class PastSearchDocument(SearchedPublication, Base):
    """The publications that have ended. They have their own table, so that searches of the present do not read them."""

    __tablename__ = "past_search_documents"
    __table_args__ = document_indexes("past_search_documents")


class CountedWord:
    """The number of documents of a locale that have a word, for suggestions and to know the frequent words."""

    locale: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True)
    word: Mapped[str] = mapped_column(Collated, primary_key=True)
    stem: Mapped[str] = mapped_column(Collated)
    shape: Mapped[str] = mapped_column(Collated)
    """The first letter and the length, which most misspellings of a word share. Example: ``v6`` for "vellum"."""
    magnitude: Mapped[int] = mapped_column(SmallInteger)
    """The number of digits of ``documents``. It seldom changes, so that its index costs little to maintain."""
    documents: Mapped[int] = mapped_column(BigInteger)


def word_indexes(table: str) -> tuple[Any, ...]:
    """The indexes of a table of words."""
    return (
        Index(f"ix_{table}_stem", "locale", "stem"),
        Index(f"ix_{table}_shape", "locale", "shape", "magnitude"),
    )


class SearchWord(CountedWord, Base):
    """The words of live and planned publications."""

    __tablename__ = "search_words"
    __table_args__ = word_indexes("search_words")


@dataclass(frozen=True, eq=False)
class SearchIndex:
    """The tables of one index: documents, their counted words if it counts any, and the name of SQLite's FTS5 table."""

    documents: Any
    words: Any
    fts5: str

    @property
    def is_timed(self) -> bool:
        """True if its documents have a beginning and an end."""
        return "live_from" in self.documents.c


# These are tables and not mapped classes: no identity map needs to follow the rows that are written here.
PUBLISHED_INDEX = SearchIndex(SearchDocument.__table__, SearchWord.__table__, "search_index")
PAST_INDEX = SearchIndex(PastSearchDocument.__table__, None, "past_search_index")


def is_live(columns: Any, written: Callable[[Any], Any] = lambda time: time) -> ColumnElement[bool]:
    """The condition that a document is live at the parameter ``at``. Documents without times are always live.

    ``written`` can change the expression of a time, so that a database does not use its index.
    """
    if "live_from" not in columns:
        return true()
    at = bindparam("at", type_=UTCDateTime)
    return and_(written(columns.live_from) <= at, at < written(columns.live_until))


# With this tokenizer FTS5 cuts texts at spaces only: every other character of a token belongs to a word.
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
"""SQLite's own statements: the FTS5 table, and the triggers that maintain it, also when a deletion cascades."""


def index_on_sqlite(table: Any, prefix: str = "") -> None:
    """Create and drop SQLite's FTS5 table together with a table of documents. ``prefix`` begins the names of both."""
    for statement in FTS5:
        event.listen(table, "after_create", _for_sqlite(statement.replace("search_", f"{prefix}search_")))
    event.listen(table, "before_drop", _for_sqlite(f"DROP TABLE IF EXISTS {prefix}search_index"))


def _for_sqlite(statement: str) -> Any:
    ddl: Any = DDL
    return ddl(statement).execute_if(dialect="sqlite")


index_on_sqlite(SearchDocument.__table__)
index_on_sqlite(PastSearchDocument.__table__, "past_")

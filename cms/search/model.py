"""The tables of the search index: what is live or planned, and the words of it all."""

from collections.abc import Sequence
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
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
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


class SearchDocument(Base):
    """A publication as it is searched. Later ones have higher numbers; what is over has none.

    Type, locale and times are copied, so that finding the newest matches reads nothing else.
    """

    __tablename__ = "search_documents"
    __table_args__ = (
        Index("ix_search_documents_publication", "publication_id", unique=True),
        Index("ix_search_documents_translations", "translation_group"),
        Index("ix_search_documents_live_from", "live_from"),
        Index("ix_search_documents_live_until", "live_until"),
        # Nothing waits in a pending list, which every search would have to read through.
        Index(
            "ix_search_documents_tokens",
            "tokens",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ).ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    publication_id: Mapped[str] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), type_=Identifier)
    type: Mapped[str] = mapped_column(String(NAME_LENGTH))
    locale: Mapped[str] = mapped_column(String(NAME_LENGTH))
    translation_group: Mapped[str] = mapped_column(Identifier)
    live_from: Mapped[datetime] = mapped_column(UTCDateTime)
    live_until: Mapped[datetime] = mapped_column(UTCDateTime)
    # The last column: on SQLite what stands before a long one is read without it.
    tokens: Mapped[Tokens] = mapped_column(IndexedTokens)


class SearchWord(Base):
    """How many documents of a locale have a word, for suggestions and for telling hot words from rare ones."""

    __tablename__ = "search_words"
    __table_args__ = (
        Index("ix_search_words_stem", "locale", "stem"),
        Index("ix_search_words_shape", "locale", "shape", "magnitude"),
    )

    locale: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True)
    word: Mapped[str] = mapped_column(Collated, primary_key=True)
    stem: Mapped[str] = mapped_column(Collated)
    shape: Mapped[str] = mapped_column(Collated)
    """The first letter and the length: what a word has in common with most of its misspellings."""
    magnitude: Mapped[int] = mapped_column(SmallInteger)
    """The number of digits of ``documents``. Unlike that it seldom changes, so that its index is cheap to keep."""
    documents: Mapped[int] = mapped_column(BigInteger)


def is_live(columns: Any) -> ColumnElement[bool]:
    """The WHERE clause of the timeline over documents, at the parameter ``at``."""
    at = bindparam("at", type_=UTCDateTime)
    return and_(columns.live_from <= at, at < columns.live_until)


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


def _for_sqlite(statement: str) -> Any:
    ddl: Any = DDL
    return ddl(statement).execute_if(dialect="sqlite")


for _statement in FTS5:
    event.listen(SearchDocument.__table__, "after_create", _for_sqlite(_statement))
event.listen(SearchDocument.__table__, "before_drop", _for_sqlite("DROP TABLE IF EXISTS search_index"))

"""The tables that preview reads instead of publications: every draft as it would be published.

Delivery never imports this module; preview passes the tables in a ``Perspective``.
"""

from sqlalchemy import BigInteger, Boolean, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cms.content.model import LOCALE_LENGTH, TYPE_LENGTH, SortKeys
from cms.db import Base, Identifier
from cms.identifiers import SLUG_LENGTH
from cms.search.model import (
    CountedWord,
    SearchedDocument,
    SearchIndex,
    document_indexes,
    index_on_sqlite,
    word_indexes,
)


class DraftPublication(SortKeys, Base):
    """The publication that an entry's newest revision would have; one row for every entry that is not in the trash."""

    __tablename__ = "draft_publications"
    __table_args__ = (
        ForeignKeyConstraint(["entry_id", "revision"], ["revisions.entry_id", "revisions.number"], ondelete="CASCADE"),
        Index("ix_draft_publications_slug", "type", "locale", "slug"),
        Index("ix_draft_publications_translations", "translation_group"),
        Index("ix_draft_publications_facet", "type", "locale", "facet"),
    )

    entry_id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(String(TYPE_LENGTH))
    locale: Mapped[str] = mapped_column(String(LOCALE_LENGTH))
    slug: Mapped[str | None] = mapped_column(String(SLUG_LENGTH))
    translation_group: Mapped[str] = mapped_column(Identifier)
    dated: Mapped[bool] = mapped_column(Boolean)
    """True if an editor gave ``published_at``; else it is the entry's first live instant, or else ``updated_at``."""


class DraftPublicationLink(SortKeys, Base):
    """A draft's reference with the sort keys of the draft, so that a tag's list is one range of an index."""

    __tablename__ = "draft_publication_links"
    __table_args__ = (
        Index("ix_draft_publication_links_newest", "target_id", "field", "type", "published_at", "entry_id"),
    )

    entry_id: Mapped[str] = mapped_column(
        ForeignKey("draft_publications.entry_id", ondelete="CASCADE"), primary_key=True
    )
    field: Mapped[str] = mapped_column(String(TYPE_LENGTH), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    target_id: Mapped[str] = mapped_column(Identifier)
    type: Mapped[str] = mapped_column(String(TYPE_LENGTH))
    locale: Mapped[str] = mapped_column(String(LOCALE_LENGTH))


class DraftSearchDocument(SearchedDocument, Base):
    """A draft in the search index of drafts, which is a table of its own so that delivery cannot find it."""

    __tablename__ = "draft_search_documents"
    __table_args__ = (
        *document_indexes("draft_search_documents"),
        Index("ix_draft_search_documents_type", "type", "id", postgresql_using="btree").ddl_if(dialect="postgresql"),
    )

    publication_id: Mapped[str] = mapped_column(
        Identifier, ForeignKey("draft_publications.entry_id", ondelete="CASCADE")
    )
    """The id of the entry, which has one draft."""


class DraftSearchWord(CountedWord, Base):
    """A word of drafts with its count."""

    __tablename__ = "draft_search_words"
    __table_args__ = word_indexes("draft_search_words")


index_on_sqlite(DraftSearchDocument.__table__, "draft_")
DRAFT_INDEX = SearchIndex(DraftSearchDocument.__table__, DraftSearchWord.__table__, "draft_search_index")


# As for publications, each order has an index, so that a page is one range of it. A facet has none for each order: it
# leaves few rows, which are sorted, or so many that few are skipped.
for _key in ("published_at", "updated_at", "sort_text", "sort_number", "sort_time"):
    Index(
        f"ix_draft_publications_by_{_key}",
        *(getattr(DraftPublication, name) for name in ("type", "locale", _key, "entry_id")),
    )
    Index(
        f"ix_draft_publication_links_by_{_key}",
        *(getattr(DraftPublicationLink, name) for name in ("target_id", "field", "type", "locale", _key, "entry_id")),
    )

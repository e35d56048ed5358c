"""Puts a large site into a database in minutes: rows straight into tables, and the indexes afterwards."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from cms.app import create_app
from cms.content.model import LinkCount, PublicationLink
from cms.migrate import migrate
from cms.search.model import EVERY_DOCUMENT, SearchWord
from cms.search.scope import scope_token
from cms.settings import Settings
from tests.benchmarks.content import HOT_TAG, MODELS, Articles, Row, Size, write_others, write_template
from tests.benchmarks.prose import LOCALE, RARE_WORD
from tests.service import Service

BATCH = 2000
TABLES = [model.__tablename__ for model in MODELS]
# The file is thrown away when this fails. The order of pages in the file is that of the inserts.
FOR_BULK = ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-500000", "threads=2")
# Without the checks of references, which superusers may leave out, and with room to sort.
POSTGRESQL_FOR_BULK = ("session_replication_role = replica", "maintenance_work_mem = '512MB'", "statement_timeout = 0")
# Enough for the planner, and not a look at every row.
SAMPLED_ROWS = 10_000


def fill(settings: Settings, size: Size) -> None:
    """Make the database, fill it, and see that the API finds what was put in."""
    app = create_app(settings)
    migrate(app)
    service = Service(app)
    others = write_others(service, size)
    template = write_template(service, others)
    with service.services.database.transaction() as session:
        articles = Articles(session, template, others, size)
    service.editor.trash("articles", template)
    app.extensions["cms"].database.dispose()
    if settings.is_sqlite:
        _fill_sqlite(str(settings.url.database), articles)
    else:
        _fill_postgresql(settings.database_url.replace("+psycopg", "", 1), articles)
    with service.services.database.transaction() as session:
        _count_links(session)
        _count_words(session, articles)
        session.connection().exec_driver_sql("ANALYZE link_counts")
        session.connection().exec_driver_sql("ANALYZE search_words")
    check(app, size)


def _fill_sqlite(path: str, articles: Articles) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for each in FOR_BULK:
            connection.execute(f"PRAGMA {each}").close()
        connection.execute("BEGIN")
        with _without_indexes_sqlite(connection):
            for batch in articles.batches(BATCH):
                for table, columns in articles.columns.items():
                    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
                    connection.executemany(statement, batch[table])
        connection.execute("COMMIT")
        connection.execute(f"PRAGMA analysis_limit={SAMPLED_ROWS}").close()
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode=WAL").close()
    finally:
        connection.close()


@contextmanager
def _without_indexes_sqlite(connection: sqlite3.Connection) -> Iterator[None]:
    asked = f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN {_places()}"
    indexes = connection.execute(asked, TABLES).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        connection.execute(definition)


def _places() -> str:
    return f"({', '.join('?' * len(TABLES))})"


def _fill_postgresql(url: str, articles: Articles) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for each in POSTGRESQL_FOR_BULK:
            connection.execute(sql.SQL("SET ") + sql.SQL(each))
        with _without_indexes_postgresql(connection), connection.transaction():
            for batch in articles.batches(BATCH):
                for table, columns in articles.columns.items():
                    _copy(connection, table, columns, batch[table])
        connection.execute(
            "SELECT setval(pg_get_serial_sequence('search_documents', 'id'), (SELECT max(id) FROM search_documents))"
        )
        connection.execute("VACUUM ANALYZE")


@contextmanager
def _without_indexes_postgresql(connection: psycopg.Connection) -> Iterator[None]:
    """Primary keys and what else belongs to a constraint stay."""
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s)"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        [TABLES],
    ).fetchall()
    for name, _ in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    for _, definition in indexes:
        connection.execute(sql.SQL(definition))


def _copy(connection: psycopg.Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _count_links(session: Session) -> None:
    keys = (PublicationLink.target_id, PublicationLink.field, PublicationLink.type)
    rows = select(*keys, func.count()).where(~PublicationLink.over).group_by(*keys)
    session.execute(delete(LinkCount))
    session.execute(insert(LinkCount).from_select(["target_id", "field", "type", "number"], rows))


def _count_words(session: Session, articles: Articles) -> None:
    """Add what the articles have to the words of everything else."""
    known = {row.word: row for row in session.execute(select(SearchWord.word, SearchWord.stem, SearchWord.documents))}
    counters = dict.fromkeys((EVERY_DOCUMENT, scope_token("article")), articles.size.articles)
    stems = articles.prose.stems | {word: row.stem for word, row in known.items()}
    numbers = {word: row.documents for word, row in known.items()}
    for word, number in (articles.word_counts | counters).items():
        numbers[word] = numbers.get(word, 0) + number
    session.execute(delete(SearchWord))
    session.execute(insert(SearchWord), [_word(word, stems.get(word, word), numbers[word]) for word in sorted(numbers)])


def _word(word: str, stem: str, documents: int) -> Mapping[str, object]:
    return {
        "locale": LOCALE,
        "word": word,
        "stem": stem,
        "shape": f"{word[:1]}{len(word)}",
        "magnitude": min(len(str(documents)), 7),
        "documents": documents,
    }


def check(app: Flask, size: Size) -> None:
    """Raise ``RuntimeError`` if the API does not find what was put in."""
    service = Service(app)
    found = {
        "all": _total(service, "/api/v1/articles?limit=1&include_total=true"),
        "of the rare tag": _total(service, f"/api/v1/articles?limit=1&include_total=true&tag={size.rare_tag}"),
        "with the rare word": len(service.get(f"/api/v1/search?limit=100&q={RARE_WORD}").get_json()["data"]),
    }
    expected = dict(zip(found, (size.articles, size.rare_articles, size.rare_articles), strict=True))
    if found != expected:
        raise RuntimeError(f"The site should have {expected} and has {found}.")
    if not _total(service, f"/api/v1/articles?limit=1&include_total=true&tag={HOT_TAG}"):
        raise RuntimeError("The hot tag has no article.")
    service.close()


def _total(service: Service, path: str) -> int:
    total: int = service.get(path).get_json()["page"]["total"]
    return total

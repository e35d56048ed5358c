"""Measure delivery on SQLite and on PostgreSQL, and print one table."""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from cms.app import create_app
from cms.migrate import migrate
from cms.settings import Settings
from tests.benchmarks.bare import ETAG
from tests.benchmarks.content import fill
from tests.benchmarks.load import CONNECTIONS, PROCESSES, Measured, Request, measure
from tests.benchmarks.servers import WORKERS, serving_bare, serving_cms
from tests.postgresql import PostgreSQLServer
from tests.service import SECRET, Service

DATABASES = ("sqlite", "postgresql")
LIST = "/api/v1/articles?limit=20&include=authors,tags,faqs"
SLUGS = 1000
TAGS = 50
ROUNDS = 2
"""Both sides are measured in turns, so that whatever else the machine does falls on both."""
HEADINGS = ("database", "request", "requests/s", "p50 ms", "p99 ms", "statements", "bare Flask/s", "ratio")


@dataclass(frozen=True)
class Cell:
    """One kind of request: what is asked of the CMS, of bare Flask, and the status that both answer."""

    name: str
    ours: Sequence[Request]
    bare: Request
    status: int = 200


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    database: str
    request: str
    ours: Measured
    bare: Measured
    statements: int

    @property
    def words(self) -> tuple[str, ...]:
        """As printed."""
        return (
            self.database,
            self.request,
            f"{self.ours.per_second:,.0f}",
            f"{self.ours.p50:.2f}",
            f"{self.ours.p99:.2f}",
            str(self.statements),
            f"{self.bare.per_second:,.0f}",
            f"{self.ours.per_second / self.bare.per_second:.2f}",
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000, help="how many are published (%(default)s)")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each figure (%(default)s)")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    chosen = parser.parse_args(arguments)
    print(
        f"{chosen.articles:,} articles; granian with {WORKERS} processes; {CONNECTIONS} connections from {PROCESSES} "
        f"client processes on the same machine; {chosen.seconds:g} s for each figure.",
        flush=True,
    )
    lines: list[Line] = []
    for database in chosen.databases:
        with tempfile.TemporaryDirectory() as folder, _database(database, Path(folder)) as url:
            lines += _measure(database, url, Path(folder), chosen.articles, chosen.seconds)
    print(table([HEADINGS, *(line.words for line in lines)]))


@contextmanager
def _database(name: str, folder: Path) -> Iterator[str]:
    if name == "sqlite":
        yield f"sqlite:///{folder / 'cms.db'}"
        return
    with PostgreSQLServer() as server:
        yield server.create_database("benchmark")


def _measure(database: str, url: str, folder: Path, articles: int, seconds: float) -> Iterator[Line]:
    settings = Settings(database_url=url, secret_key=SECRET)
    app = create_app(settings)
    migrate(app)
    started = time.perf_counter()
    slugs = fill(app, articles)
    print(f"{database}: filled in {time.perf_counter() - started:.0f} s", flush=True)
    files = folder / "files"
    files.mkdir()
    cells = _cells(app, slugs, files)
    statements = {cell.name: _statements(app, cell) for cell in cells}
    app.extensions["cms"].database.dispose()
    with serving_cms(settings) as port, serving_bare(files, is_sqlite=settings.is_sqlite) as bare_port:
        for cell in cells:
            ours: list[float] = []
            bare: list[float] = []
            for _ in range(ROUNDS):
                ours += measure(port, cell.ours, cell.status, seconds / ROUNDS)
                bare += measure(bare_port, [cell.bare], cell.status, seconds / ROUNDS)
            yield Line(
                database, cell.name, Measured.of(ours, seconds), Measured.of(bare, seconds), statements[cell.name]
            )


def _cells(app: Flask, slugs: Sequence[str], files: Path) -> list[Cell]:
    """What is measured; the bytes of each answer are left in a file for bare Flask to return."""
    service = Service(app)
    asked = random.Random(1).sample(slugs, min(SLUGS, len(slugs)))
    items = [f"/api/v1/articles/{slug}" for slug in asked]
    (files / "item").write_bytes(service.get(items[0]).get_data())
    (files / "list").write_bytes(service.get(LIST).get_data())
    known = [Request(path, {"If-None-Match": service.get(path).headers["ETag"]}) for path in items[:TAGS]]
    size = {name: (files / name).stat().st_size / 1000 for name in ("item", "list")}
    return [
        Cell(f"item ({size['item']:.0f} kB)", [Request(path) for path in items], Request("/item")),
        Cell(f"list of 20 ({size['list']:.0f} kB)", [Request(LIST)], Request("/list")),
        Cell("item, 304", known, Request("/item", {"If-None-Match": ETAG}), 304),
    ]


def _statements(app: Flask, cell: Cell) -> int:
    """How many statements one request takes, counted in this process."""
    service = Service(app)
    with service.counting() as usage:
        response = service.get(cell.ours[0].path, headers=cell.ours[0].headers)
    assert response.status_code == cell.status
    return usage.statements


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, words to the left and figures to the right, as Markdown."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| "
        + " | ".join(
            word.ljust(width) if column < 2 else word.rjust(width)
            for column, (word, width) in enumerate(zip(row, widths, strict=True))
        )
        + " |"
        for row in rows
    ]
    rule = [("-" * width if column < 2 else "-" * (width - 1) + ":") for column, width in enumerate(widths)]
    return "\n".join([lines[0], f"| {' | '.join(rule)} |", *lines[1:]])


if __name__ == "__main__":
    main()

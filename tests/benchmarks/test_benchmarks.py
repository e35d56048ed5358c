"""The benchmark fills its tables on both databases, and the sites it makes are as the API would have made them."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from cms.app import create_app
from cms.content.editing.indexing import fill_index
from cms.content.model import Revision
from cms.db import Database
from cms.rendering import render
from cms.search.model import SearchDocument, SearchWord
from cms.settings import Settings
from tests.benchmarks.__main__ import main
from tests.benchmarks.content import Size
from tests.benchmarks.databases import sites
from tests.benchmarks.load import Measured
from tests.benchmarks.loading import check, fill
from tests.benchmarks.prose import Prose
from tests.benchmarks.report import Line, growth_tables, read_json, summary_table
from tests.guides import BENCHMARKS, text_of
from tests.service import SECRET

pytestmark = pytest.mark.exhaustive

SMALL = Size(articles=60, body_bytes=1000)
RESULTS = Path(__file__).parent / "results"


def test_a_small_run_measures_each_request_cold_and_warm_beside_a_control(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    figures = tmp_path / "figures.json"
    main(
        [
            *("--articles", "60", "--databases", "sqlite", "--controls", "wsgi", "--requests", "page"),
            *("--seconds", "0.05", "--json", str(figures)),
        ]
    )
    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [line.split("|")[1].strip(" -") for line in printed] == ["request", "", "page 2"] * 2
    lines = json.loads(figures.read_text())["lines"]
    assert [(line["database"], line["articles"], line["request"]) for line in lines] == [
        ("sqlite", 60, "page 2"),
    ]
    for line in lines:
        assert 1 <= line["statements"] <= 6
        for each in (line["single_cold"], line["cold"], line["single_warm"], line["warm"], line["controls"]["wsgi"]):
            assert each["requests"] > 0
            assert 0 < each["p50"] <= each["p99"]


def test_the_guide_says_what_was_measured() -> None:
    assert summary_table(read_json(RESULTS / "10000.json")) in text_of(BENCHMARKS)


def test_what_is_slower_than_allowed_on_a_larger_site_is_marked() -> None:
    growth = next(growth_tables([*_lines(10_000, p50=1.0), *_lines(1_000_000, p50=2.0)]))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in growth.splitlines()[4:]]
    assert [(row[1], row[6], row[7], row[8]) for row in rows] == [
        ("page 400", "2.00", "1.5", "OVER"),
        ("search", "2.00", "3.0", "OK"),
        ("total", "2.00", "-", "grows"),
    ]


def _lines(articles: int, p50: float) -> list[Line]:
    measured = Measured(1000, 1000.0, p50, p50, 500.0, None, 50.0)
    page = "page 400" if articles > 10_000 else "page 9"
    allowed = {page: 1.5, "search": 3.0, "total": None}
    return [
        Line("sqlite", articles, name, 100, 2, measured, measured, measured, measured, {}, growth, "")
        for name, growth in allowed.items()
    ]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_site_that_was_kept_is_not_filled_again(database: str, tmp_path: Path) -> None:
    for is_kept in (False, True):
        with sites(database, [Size(articles=20, body_bytes=500)], tmp_path) as filled_sites:
            (filled,) = filled_sites
            assert (filled.seconds is None) == is_kept
            check(create_app(filled.settings), Size(articles=20, body_bytes=500))


def test_what_is_put_in_straight_is_what_rendering_and_indexing_make(database_url: str) -> None:
    settings = Settings(database_url=database_url, secret_key=SECRET)
    fill(settings, SMALL)
    known = create_app(settings).extensions["cms"]
    _assert_rendered(known.database)
    found = _index(known.database)
    assert fill_index(known.database, known.types, settings.public_url, anew=True) == len(found["documents"])
    assert _index(known.database) == found
    known.database.dispose()


def _assert_rendered(database: Database) -> None:
    with database.snapshot() as connection:
        rows = connection.execute(select(Revision.bodies, Revision.outline)).all()
    bodies = [(row.bodies["body"], row.outline["body"]) for row in rows if row.bodies.get("body")]
    assert len(bodies) > SMALL.articles
    for body, outline in bodies:
        rendition = render(body["format"], body["source"])
        assert (body["html"], body["text"], body["markdown"]) == (rendition.html, rendition.text, rendition.markdown)
        assert [(each["level"], each["id"], each["text"]) for each in outline["toc"]] == [
            (each.level, each.id, each.text) for each in rendition.toc
        ]
        assert (outline["word_count"], outline["excerpt"]) == (rendition.word_count, rendition.excerpt)


def _index(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """The whole index but for the documents' numbers."""
    documents = select(*(column for column in SearchDocument.__table__.c if column.name != "id"))
    with database.snapshot() as connection:
        return {
            "documents": [tuple(row) for row in connection.execute(documents.order_by(SearchDocument.publication_id))],
            "words": [tuple(row) for row in connection.execute(select(SearchWord.__table__).order_by(SearchWord.word))],
        }


def test_texts_are_as_long_as_asked_for() -> None:
    for body_bytes in (500, 8000):
        source = Prose(body_bytes).text().body["source"]
        assert 0.8 < len(source) / body_bytes < 1.2

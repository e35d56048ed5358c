"""Answers to the recorded corpus have not changed, headers included, on SQLite and on PostgreSQL.

If a change of answers is intended, record them anew and review the difference before you commit it::

    CMS_RECORD_ANSWERS=1 python -m pytest tests/test_recorded_answers.py
    git diff tests/corpus/recorded

A file is a chapter as SQLite answers it; one of PostgreSQL has only what differs there, which is scores of the search.
What differs from run to run has names (``tests/corpus/normalising.py``); of bodies that are longer than
``LONGEST_BODY`` only the digest is kept.
"""

import difflib
import itertools
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cms import clock
from tests.corpus.chapters import CHAPTERS
from tests.corpus.normalising import START
from tests.corpus.recorder import Corpus, Record
from tests.service import Service

FOLDER = Path(__file__).parent / "corpus" / "recorded"
OF_POSTGRESQL = ".postgresql"
RECORD = "CMS_RECORD_ANSWERS"
SHOWN_AT_MOST = 20
"""Answers; a failure that has changed them all is told by the first."""


def test_every_answer_is_as_recorded(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    # The names of keys count on through a run of the tests; here they begin anew, whatever ran before.
    monkeypatch.setattr("tests.service._numbers", itertools.count(1))
    with clock.moved(START - datetime.now(UTC)):
        corpus = Corpus(service)
        for chapter, ask in CHAPTERS.items():
            corpus.begin(chapter)
            ask(corpus)
    assert sum(map(len, corpus.chapters.values())) >= 500
    is_sqlite = service.services.database.is_sqlite
    if os.environ.get(RECORD):
        _record(corpus, is_sqlite=is_sqlite)
    differences = [
        each
        for chapter, records in corpus.chapters.items()
        for each in _differences(chapter, _recorded(chapter, is_sqlite=is_sqlite), records)
    ]
    shown = "\n\n".join(differences[:SHOWN_AT_MOST])
    assert not differences, f"{len(differences)} answers differ; {RECORD}=1 records them anew.\n\n{shown}"


def _differences(chapter: str, recorded: dict[str, Record], asked: list[Record]) -> Iterator[str]:
    """A readable diff of each answer that is not as recorded, and each request that is in one list only."""
    for record in asked:
        before = recorded.pop(record["request"], None)
        if before != record:
            lines = difflib.unified_diff(_lines(before), _lines(record), "recorded", "now", n=2, lineterm="")
            yield "\n".join([f"== {chapter}: {record['request']}", *lines])
    yield from (f"== {chapter}: {title} was not asked" for title in recorded)


def _lines(record: Record | None) -> list[str]:
    if record is None:
        return []
    return [record["status"], *record["headers"], "", *(piece.rstrip("\n") for piece in record["body"])]


def _record(corpus: Corpus, *, is_sqlite: bool) -> None:
    """Write the chapters of SQLite, or after them what PostgreSQL answers differently."""
    for file in FOLDER.glob("*.json" if is_sqlite else f"*{OF_POSTGRESQL}.json"):
        file.unlink()
    for chapter, records in corpus.chapters.items():
        if is_sqlite:
            _write(chapter, records)
            continue
        common = _read(chapter)
        if differing := [each for each in records if common.get(each["request"]) != each]:
            _write(f"{chapter}{OF_POSTGRESQL}", differing)


def _recorded(chapter: str, *, is_sqlite: bool) -> dict[str, Record]:
    return _read(chapter) | ({} if is_sqlite else _read(f"{chapter}{OF_POSTGRESQL}"))


def _read(name: str) -> dict[str, Record]:
    """Records by their requests; none where there is no such file."""
    file = FOLDER / f"{name}.json"
    records = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return {each["request"]: each for each in records}


def _write(name: str, records: list[Record]) -> None:
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(records, ensure_ascii=False, indent=1)
    (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")

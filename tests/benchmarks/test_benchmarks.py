"""The benchmark runs, fills its whole table, and a delivered page takes few statements."""

import pytest

from tests.benchmarks.__main__ import HEADINGS, main


def test_a_small_run_fills_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--articles", "50", "--seconds", "0.3", "--databases", "sqlite"])
    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    heading, _, *rows = [tuple(word.strip() for word in line.strip("|").split("|")) for line in printed]
    assert heading == HEADINGS
    assert [(row[0], row[1].partition(" (")[0]) for row in rows] == [
        ("sqlite", "item"),
        ("sqlite", "list of 20"),
        ("sqlite", "item, 304"),
    ]
    for row in rows:
        cells = dict(zip(HEADINGS, row, strict=True))
        assert 1 <= int(cells["statements"]) <= 4
        assert float(cells["requests/s"].replace(",", "")) > 0
        assert 0 < float(cells["p50 ms"]) <= float(cells["p99 ms"])
        assert float(cells["ratio"]) > 0

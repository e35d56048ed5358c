"""What a run found, as tables to read and as JSON to keep."""

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.load import Measured
from tests.benchmarks.servers import nginx_program
from tests.postgresql import PostgreSQLUnavailableError, find_binaries

PACKAGES = ("flask", "flask-restx", "granian", "marshmallow", "orjson", "psycopg", "sqlalchemy", "werkzeug")
CONTROLS = {"flask": "bare Flask", "wsgi": "bare WSGI", "nginx": "nginx"}
UNKNOWN = "-"
BUSY_CLIENT = 0.25
"""From which share of the processor time on the client holds throughput down noticeably."""


@dataclass(frozen=True)
class Line:
    """What was measured of one kind of request on one site.

    ``single_…`` were asked over one connection, the others over many; controls are asked over many, by their kind.
    """

    database: str
    articles: int
    request: str
    answer_bytes: int
    statements: int
    single_cold: Measured
    cold: Measured
    single_warm: Measured
    warm: Measured
    controls: Mapping[str, Measured]
    growth: float | None
    note: str


def site_tables(lines: Sequence[Line]) -> Iterator[str]:
    """The tables of one site, each with its heading, as Markdown."""
    site = f"{lines[0].database}, {lines[0].articles:,} articles"
    kinds = [each for each in CONTROLS if each in lines[0].controls]
    yield f"{site}: speed\n\n{_table([SPEED, *map(_speed, lines)])}"
    yield f"{site}: cost\n\n{_table([_cost_headings(kinds), *_costs(lines, kinds)])}"
    yield _client_share(lines)


SUMMARY = ("database", "request", "cold p50 ms", "warm p50 ms", "warm/s", "cold CPU µs", "warm CPU µs")
SUMMARISED = ("item", "item with every include", "list of 20 with includes", "page 400", "search, usual word")


def summary_table(lines: Iterable[Line]) -> str:
    """The first table of the guide to benchmarks, of a run that measured Flask and WSGI too."""
    headings = (*SUMMARY, *(f"{CONTROLS[each]} CPU µs" for each in ("flask", "wsgi")), "Flask : cold", "WSGI : warm")
    rows = [
        (
            line.database,
            line.request,
            f"{line.single_cold.p50:.1f}",
            f"{line.single_warm.p50:.2f}",
            f"{line.warm.per_second:,.0f}",
            _whole(line.cold.cpu),
            _whole(line.warm.cpu),
            *(_whole(line.controls[each].cpu) for each in ("flask", "wsgi")),
            _share(line.controls["flask"], line.cold),
            _share(line.controls["wsgi"], line.warm),
        )
        for line in lines
        if line.request in SUMMARISED
    ]
    return _table([headings, *rows])


def _share(control: Measured, ours: Measured) -> str:
    return UNKNOWN if control.cpu is None or not ours.cpu else f"{control.cpu / ours.cpu:.2f}"


def read_json(path: Path) -> list[Line]:
    """The lines of a run that was kept."""
    return [_line(each) for each in json.loads(path.read_bytes())["lines"]]


def _line(kept: dict[str, Any]) -> Line:
    measured = {name: Measured(**kept[name]) for name in ("single_cold", "cold", "single_warm", "warm")}
    controls = {name: Measured(**each) for name, each in kept["controls"].items()}
    return Line(**{**kept, **measured, "controls": controls})


def growth_tables(lines: Sequence[Line]) -> Iterator[str]:
    """How much slower the largest site is than the smallest, and why what grows does; nothing for a single size."""
    if growth := list(_growth(lines)):
        yield f"Growth\n\n{_table([GROWTH, *growth])}"
        yield "\n".join(dict.fromkeys(f"{each.request}: {each.note}." for each in lines if each.note))


SPEED = (
    *("request", "bytes", "statements", "cold p50 ms", "cold p99 ms", "cold/s"),
    *("warm p50 ms", "warm p99 ms", "warm/s"),
)


def _speed(line: Line) -> tuple[str, ...]:
    return (
        line.request,
        f"{line.answer_bytes:,}",
        str(line.statements),
        f"{line.single_cold.p50:.2f}",
        f"{line.single_cold.p99:.2f}",
        f"{line.cold.per_second:,.0f}",
        f"{line.single_warm.p50:.2f}",
        f"{line.single_warm.p99:.2f}",
        f"{line.warm.per_second:,.0f}",
    )


def _cost_headings(kinds: Sequence[str]) -> tuple[str, ...]:
    names = [CONTROLS[each] for each in kinds]
    ratios = [f"{name} : {state}" for state in ("cold", "warm") for name in names]
    return ("request", "cold CPU µs", "of it database", "warm CPU µs", *(f"{name} CPU µs" for name in names), *ratios)


def _costs(lines: Iterable[Line], kinds: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for line in lines:
        controls = [line.controls[each] for each in kinds]
        yield (
            line.request,
            _whole(line.cold.cpu),
            _whole(line.cold.database_cpu),
            _whole(line.warm.cpu),
            *(_tenths(each.cpu) for each in controls),
            *(_ratios(each, ours) for ours in (line.cold, line.warm) for each in controls),
        )


def _ratios(control: Measured, ours: Measured) -> str:
    """How we compare in processor time and, in brackets, in throughput: 1 is as good as the control."""
    cpu = f"{control.cpu / ours.cpu:.3f}" if control.cpu is not None and ours.cpu else UNKNOWN
    return f"{cpu} ({ours.per_second / control.per_second:.3f})"


def _whole(number: float | None) -> str:
    return UNKNOWN if number is None else f"{number:,.0f}"


def _tenths(number: float | None) -> str:
    return UNKNOWN if number is None else f"{number:,.1f}"


def _client_share(lines: Sequence[Line]) -> str:
    """What the client took of the machine, where it took most."""
    measured = [each for line in lines for each in (line.warm, *line.controls.values())]
    shares = [each.client_cpu / (each.client_cpu + each.cpu) for each in measured if each.cpu is not None]
    if not shares:
        return "How much of the processors the client took is not known."
    said = (
        f"Of the processor time, the client took {min(shares):.0%} to {max(shares):.0%} while asking warm and controls"
    )
    return (
        f"{said}; throughputs, but not costs, are nearer to each other for it." if max(shares) > BUSY_CLIENT else said
    )


GROWTH = ("database", "request", "articles", "cold p50 ms", "articles", "cold p50 ms", "times", "allowed", "")


def _growth(lines: Sequence[Line]) -> Iterator[tuple[str, ...]]:
    """Each kind on the largest site of each database, beside the smallest."""
    by_kind: dict[tuple[str, str], list[Line]] = {}
    for each in lines:
        # The number of a page is smaller where the site is.
        by_kind.setdefault((each.database, each.request.rstrip("0123456789")), []).append(each)
    for (database, _), same in by_kind.items():
        small, large = min(same, key=lambda each: each.articles), max(same, key=lambda each: each.articles)
        if small is large:
            continue
        times = large.single_cold.p50 / small.single_cold.p50
        yield (
            database,
            large.request,
            f"{small.articles:,}",
            f"{small.single_cold.p50:.2f}",
            f"{large.articles:,}",
            f"{large.single_cold.p50:.2f}",
            f"{times:.2f}",
            UNKNOWN if large.growth is None else f"{large.growth:.1f}",
            "grows" if large.growth is None else "OK" if times <= large.growth else "OVER",
        )


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, figures to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    is_text = [not any(character.isdigit() for character in cell) for cell in rows[1][: len(widths)]]
    is_text[0] = True

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.ljust(width) if text else cell.rjust(width)
            for cell, width, text in zip(cells, widths, is_text, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = ["-" * width if text else "-" * (width - 1) + ":" for width, text in zip(widths, is_text, strict=True)]
    return "\n".join([line(rows[0]), f"| {' | '.join(rule)} |", *map(line, rows[1:])])


def write_json(path: Path, run: Mapping[str, Any], lines: Sequence[Line]) -> None:
    """Keep what was found, with how it was asked and on what machine."""
    document = {
        "date": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "machine": _machine(),
        "versions": _versions(),
        "run": run,
        "lines": [asdict(each) for each in lines],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_rounded(document), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _machine() -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gigabytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        "load_average": os.getloadavg()[0],
    }


def _processor() -> str:
    """The model, where Linux tells it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    versions |= {name: version(name) for name in PACKAGES}
    with suppress(PostgreSQLUnavailableError):
        said = subprocess.run([find_binaries() / "postgres", "--version"], check=True, capture_output=True, text=True)
        versions["postgresql"] = said.stdout.split()[2]
    if program := nginx_program():
        said = subprocess.run([program, "-v"], check=True, capture_output=True, text=True)
        versions["nginx"] = said.stderr.strip().rpartition("/")[2]
    return versions


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value

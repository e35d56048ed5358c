"""Measure delivery on sites of several sizes, on SQLite and on PostgreSQL, beside what the same bytes cost bare."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from cms.app import create_app
from cms.settings import Settings
from tests.benchmarks.bare import BODIES, HEADERS
from tests.benchmarks.content import Size
from tests.benchmarks.databases import Filled, sites
from tests.benchmarks.load import Measured, Request, measure
from tests.benchmarks.questions import Question, questions
from tests.benchmarks.report import CONTROLS, Line, growth_tables, site_tables, write_json
from tests.benchmarks.servers import (
    WORKERS,
    Server,
    nginx_program,
    processor_seconds,
    serving_bare,
    serving_cms,
    serving_nginx,
)
from tests.service import Service

DATABASES = ("sqlite", "postgresql")
CONNECTIONS = 16


@dataclass(frozen=True)
class Choices:
    """What the command line chose."""

    articles: list[int]
    body_bytes: int
    databases: list[str]
    controls: list[str]
    requests: list[str]
    seconds: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print, and keep the figures if told where."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    choices = Choices(
        articles=chosen.articles,
        body_bytes=chosen.body_bytes,
        databases=chosen.databases,
        controls=chosen.controls,
        requests=chosen.requests,
        seconds=chosen.seconds,
    )
    print(
        f"granian with {WORKERS} processes; p50 and p99 of 1 connection, everything else of {CONNECTIONS}, from as "
        f"many client processes on the same machine; {choices.seconds:g} s for each figure; bodies of about "
        f"{choices.body_bytes:,} bytes. Cold: the CMS keeps no answer. Warm: a few addresses, kept in memory.",
        flush=True,
    )
    if "nginx" in choices.controls and nginx_program() is None:
        print("nginx is not on the PATH and is not measured.")
        choices.controls.remove("nginx")
    with ExitStack() as stack:
        folder = chosen.sites or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cms-bench-")))
        folder.mkdir(parents=True, exist_ok=True)
        lines: list[Line] = []
        for site in _measured(choices, folder):
            lines += site
            _print(site_tables(site))
            if chosen.json:
                write_json(chosen.json, vars(choices) | {"connections": CONNECTIONS, "processes": WORKERS}, lines)
    _print(growth_tables(lines))


def _print(texts: Iterator[str]) -> None:
    for each in texts:
        print(f"\n{each}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--articles", type=_numbers, default="10000", help="sizes of sites: 10000,1000000")
    parser.add_argument("--body-bytes", type=int, default=500, help="how long an article is, about (%(default)s)")
    parser.add_argument("--databases", type=_names_of(DATABASES), default=",".join(DATABASES), help="(%(default)s)")
    parser.add_argument(
        "--controls",
        type=_names_of(tuple(CONTROLS)),
        default=",".join(CONTROLS),
        help="%(default)s, or none of them: none",
    )
    parser.add_argument("--requests", type=_parts, default="", help="only those whose names begin so: item,search")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each figure (%(default)s)")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--sites", type=Path, help="a folder to keep the filled databases in for the next run")
    return parser


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _parts(text: str) -> list[str]:
    return [each for each in text.split(",") if each]


def _names_of(known: Sequence[str]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        chosen = [] if text == "none" else text.split(",")
        if unknown := [each for each in chosen if each not in known]:
            raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(known)}")
        return chosen

    return names


def _measured(choices: Choices, folder: Path) -> Iterator[list[Line]]:
    """What was measured, one site after the other."""
    sizes = [Size(each, choices.body_bytes) for each in choices.articles]
    for database in choices.databases:
        with sites(database, sizes, folder.resolve()) as filled_sites:
            for size, filled in zip(sizes, filled_sites, strict=True):
                took = "kept from before" if filled.seconds is None else f"filled in {filled.seconds:.0f} s"
                print(f"{database}, {size.articles:,} articles: {took}", file=sys.stderr, flush=True)
                yield list(_measured_site(database, size, filled, choices))


def _measured_site(database: str, size: Size, filled: Filled, choices: Choices) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        answers = Path(name)
        asked = list(_asked(filled.settings, size, answers, choices.requests))
        cold = stack.enter_context(serving_cms(filled.settings, is_cached=False))
        warm = stack.enter_context(serving_cms(filled.settings, is_cached=True))
        controls = {
            each: stack.enter_context(_serving(each, answers, is_sqlite=filled.settings.is_sqlite))
            for each in choices.controls
        }
        for each in asked:
            question, seconds = each.question, choices.seconds
            print(f"  {question.name}", file=sys.stderr, flush=True)
            yield Line(
                database=database,
                articles=size.articles,
                request=question.name,
                answer_bytes=each.answer_bytes,
                statements=each.statements,
                single_cold=_ours(cold, filled, question, question.requests, seconds, 1),
                cold=_ours(cold, filled, question, question.requests, seconds, CONNECTIONS),
                single_warm=_ours(warm, filled, question, question.kept, seconds, 1, each_first=True),
                warm=_ours(warm, filled, question, question.kept, seconds, CONNECTIONS, each_first=True),
                controls={kind: _control(server, each, seconds) for kind, server in controls.items()},
                growth=question.growth,
                note=question.note,
            )


@dataclass(frozen=True)
class _Asked:
    """A question, the path at which the controls have its answer, how long that is, and the statements it takes."""

    question: Question
    path: str
    answer_bytes: int
    statements: int


def _asked(settings: Settings, size: Size, answers: Path, chosen: Sequence[str]) -> Iterator[_Asked]:
    """The chosen questions; what they are answered with is left in files for the controls."""
    service = Service(create_app(replace(settings, cache_memory=0)))
    headers = {}
    (answers / BODIES).mkdir()
    for number, question in enumerate(questions(service, size)):
        if chosen and not question.name.startswith(tuple(chosen)):
            continue
        # Of what is answered with 304, which has no body, the controls have what it is about.
        response = service.get(question.requests[0].path)
        content = response.get_data()
        headers[str(number)] = [each for each in response.headers if each[0] != "Date"]
        (answers / BODIES / str(number)).write_bytes(content)
        length = len(content) if question.status == 200 else 0
        yield _Asked(question, f"/{number}", length, _statements(service, question))
    (answers / HEADERS).write_text(json.dumps(headers))
    service.close()


def _statements(service: Service, question: Question) -> int:
    """How many statements one request takes, counted in this process."""
    request = question.requests[-1]
    with service.counting() as usage:
        response = service.get(request.path, headers=request.headers)
    if response.status_code != question.status:
        raise RuntimeError(f"{request.path} was answered with {response.status_code}.")
    return usage.statements


def _serving(kind: str, answers: Path, *, is_sqlite: bool) -> AbstractContextManager[Server]:
    return serving_nginx(answers) if kind == "nginx" else serving_bare(kind, answers, is_sqlite=is_sqlite)


def _ours(
    server: Server,
    filled: Filled,
    question: Question,
    requests: Sequence[Request],
    seconds: float,
    connections: int,
    *,
    each_first: bool = False,
) -> Measured:
    def processor_time() -> tuple[float | None, float | None]:
        return processor_seconds(server.process_id), processor_seconds(filled.database_process)

    return measure(server.port, requests, question.status, seconds, connections, processor_time, each_first=each_first)


def _control(server: Server, asked: _Asked, seconds: float) -> Measured:
    def processor_time() -> tuple[float | None, float | None]:
        return processor_seconds(server.process_id), None

    # Each has a tag of its own for the file.
    tag = server.get(asked.path).headers["ETag"] if asked.question.status == 304 else None
    request = Request(asked.path, {"If-None-Match": tag} if tag else {})
    return measure(server.port, [request], asked.question.status, seconds, CONNECTIONS, processor_time)


def _stop(number: int, _frame: object) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    # So that it ends the servers that it has started before it ends itself.
    signal.signal(signal.SIGTERM, _stop)
    main()

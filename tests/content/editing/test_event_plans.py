"""Query plans of the audit log: each filter, in each direction, is one walk along an index, however long the log is."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from cms import clock
from cms.content.editing.audit import OPERATORS, list_events
from tests.service import Service

pytestmark = pytest.mark.exhaustive

EVENTS = 100_000
START = clock.from_wire("2026-01-01T00:00:00.000Z")
MIDDLE = START + timedelta(minutes=EVENTS // 2)
NUMBERS = {"sqlite": "sqlite_autoindex_events_1", "postgresql": "pk_events"}
FILTERS: tuple[tuple[dict[str, Any], str | None], ...] = (
    ({}, None),
    ({"type": "tag"}, "ix_events_type"),
    ({"action": "saved"}, "ix_events_action"),
    ({"key": "key3"}, "ix_events_key"),
    ({"subject": "subject-3"}, "ix_events_subject"),
    *(({f"at__{operator}": MIDDLE}, None) for operator in OPERATORS),
    *(({f"change__{operator}": EVENTS // 2}, None) for operator in OPERATORS),
    ({"type": "tag", "at__lt": MIDDLE}, "ix_events_type"),
    ({"at__gte": MIDDLE, "at__lt": MIDDLE + timedelta(days=30), "action": "saved"}, "ix_events_action"),
)
"""What is asked for, and the index it is found by; ``None`` for that of the numbers."""

FILL = """
    WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < :last)
    INSERT INTO events (change, position, at, action, type, subject, key_id)
    SELECT
        100 + i, 0, {instant},
        CASE i % 20 WHEN 0 THEN 'saved' ELSE 'created' END,
        CASE i % 20 WHEN 1 THEN 'tag' ELSE 'article' END,
        'subject-' || (i % 30), 'key' || (i % 30)
    FROM numbers
"""
INSTANTS = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', i || ' minutes')",
    "postgresql": "timestamptz '2026-01-01T00:00:00Z' + i * interval '1 minute'",
}


@pytest.fixture
def long_log(service: Service) -> Service:
    """A log of some size, whose statistics the database has gathered."""
    database = service.services.database
    with database.transaction() as session:
        session.execute(text(FILL.format(instant=INSTANTS[database.engine.dialect.name])), {"last": EVENTS - 1})
        session.execute(text("ANALYZE"))
    return service


def plans(connection: Connection, filters: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The plan of each page of a list: the first and a later one, both ways."""
    statements: list[tuple[str, Any]] = []
    listener = "before_cursor_execute"

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append((statement, parameters))

    last = {True: (100 + EVENTS * 3 // 4, 0), False: (100 + EVENTS // 4, 0)}
    for descending, after in [(each, place) for each in (True, False) for place in (None, last[each])]:
        event.listen(connection, listener, keep)
        rows, _ = list_events(connection, filters, descending=descending, after=after, limit=20)
        assert len(rows) == 20, "a log without events has every plan"
        event.remove(connection, listener, keep)
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        rows = connection.exec_driver_sql(explain + statements[-1][0], statements[-1][1]).all()
        yield f"{filters} {descending} {after}", [str(row[-1]) for row in rows]


def is_a_walk(plan: list[str], index: str) -> bool:
    """Found by its index, with nothing read whole and nothing sorted but the events of one and the same change."""
    for line in plan:
        reads_all = "Seq Scan on events" in line or line == "SCAN events"
        sorts = "Sort" in line and "Incremental Sort" not in line and "Sort Key" not in line
        if reads_all or sorts or "TEMP B-TREE FOR ORDER BY" in line:
            return False
    return any(index in line for line in plan)


def test_every_filter_of_the_log_is_a_walk(long_log: Service) -> None:
    with long_log.services.database.snapshot() as connection:
        for filters, index in FILTERS:
            for question, plan in plans(connection, filters):
                expected = index or NUMBERS[connection.dialect.name]
                assert is_a_walk(plan, expected), f"{question}\n" + "\n".join(plan)
    with long_log.services.database.engine.connect() as connection:
        connection.execute(text("DROP INDEX ix_events_subject"))
        # SQLite does not explain anew what it has explained before.
        plan = next(plan for _, plan in plans(connection, {"subject": "subject-3", "change__gte": 0}))
        assert not is_a_walk(plan, "ix_events_subject"), "a walk is not told from a search through everything"
        connection.rollback()

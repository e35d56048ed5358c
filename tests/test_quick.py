"""What ``make quick`` runs, shown on tests that nobody wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from tests.quick import CASES_AT_MOST, DATABASES, selection


@dataclass(frozen=True)
class Collected:
    """As much of a collected test as the selection looks at."""

    nodeid: str
    fixturenames: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()

    @property
    def callspec(self) -> Any:
        """What pytest gives to tests that have parameters, and to no others."""
        if "[" not in self.nodeid:
            raise AttributeError
        return SimpleNamespace(id=self.nodeid.partition("[")[2].removesuffix("]"))

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None


def on_both(name: str, cases: Sequence[str] = ("",), marks: tuple[str, ...] = ()) -> list[Collected]:
    """The cases of a test that uses the service."""
    ids = ["-".join(filter(None, (database, case))) for case in cases for database in sorted(DATABASES)]
    return [Collected(f"tests/test_a.py::{name}[{each}]", ("service", "fresh_database"), marks) for each in ids]


def selected(tests: Sequence[Collected]) -> list[Collected]:
    given: Any = tests
    kept: Any = selection(given)
    return list(kept)


def test_a_test_runs_on_one_database_and_about_as_many_on_each() -> None:
    tests = [each for number in range(200) for each in on_both(f"test_{number}")]
    kept = selected(tests)
    assert len({each.nodeid.partition("[")[0] for each in kept}) == len(kept) == 200
    assert 60 < sum("postgresql" in each.nodeid for each in kept) < 140
    assert selected(tests) == kept == [each for each in tests if each in kept], "Always the same, in their order."


def test_one_about_databases_runs_on_both() -> None:
    tests = on_both("test_a", marks=("both_databases",))
    assert selected(tests) == tests


def test_one_that_knows_a_single_database_runs_there() -> None:
    tests = [Collected(f"tests/test_a.py::test_{n}[postgresql]", ("service", "fresh_database")) for n in range(20)]
    assert selected(tests) == tests


def test_tests_that_share_a_site_run_on_its_one_database() -> None:
    for number in range(20):
        ids = [f"tests/test_{number}.py::test_{each}" for each in range(10)]
        pairs = [[Collected(f"{each}[{kind}]", ("shared_database_url",)) for kind in sorted(DATABASES)] for each in ids]
        kept = selected([each for pair in pairs for each in pair])
        assert len(kept) == len(ids)
        assert len({each.nodeid.partition("[")[2] for each in kept}) == 1


def test_few_cases_that_use_a_database_are_tried_and_all_that_do_not() -> None:
    cases = [str(number) for number in range(40)]
    few = selected(on_both("test_a", cases))
    assert len(few) == CASES_AT_MOST
    assert len({each.nodeid.rpartition("-")[2] for each in few}) == CASES_AT_MOST
    of_one = [Collected(f"tests/test_a.py::test_b[{case}]", ("sqlite_url",)) for case in cases]
    assert len(selected(of_one)) == CASES_AT_MOST
    pure = [Collected(f"tests/test_a.py::test_c[{case}]") for case in cases]
    assert selected(pure) == pure
    assert len(selected(on_both("test_d", cases, marks=("both_databases",)))) == 2 * CASES_AT_MOST


def test_what_takes_long_is_left_out() -> None:
    plain = Collected("tests/test_a.py::test_a")
    marked = [Collected(f"tests/test_a.py::test_{each}", marks=(each,)) for each in ("exhaustive", "process", "slow")]
    assert selected([*marked, plain]) == [plain]

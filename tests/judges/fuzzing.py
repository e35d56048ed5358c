"""Schemathesis over the whole document, as anyone and with keys: ``python -m tests.judges.fuzzing`` (``make fuzz``)."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cms.keys import ROLES
from tests.judges.sample import serving_sample
from tests.postgresql import PostgreSQLServer
from tests.processes import REPOSITORY, new_key

HERE = Path(__file__).parent
ANYONE = "anyone"
CALLERS = (ANYONE, *ROLES)
PHASES = ("examples", "coverage", "fuzzing", "stateful")


@dataclass(frozen=True)
class Effort:
    """How much is tried: the phases, the most cases of an operation in each, and a pattern of the paths left out."""

    phases: Sequence[str] = PHASES
    examples: int = 10
    seed: int | None = None
    without: str | None = None


def fuzz(port: int, key: str | None, effort: Effort, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run every check on every operation of the server at ``port``; the exit status is 0 where all is well.

    Without a seed the same cases are made each time.
    """
    command = [
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("--config-file", str(HERE / "schemathesis.toml"), "run", f"http://127.0.0.1:{port}/api/v1/openapi.json"),
        *("--phases", ",".join(effort.phases), "--checks", "all", "--max-examples", str(effort.examples)),
        *("--continue-on-failure", "--warnings", "off", "--no-color", "--request-timeout", "120"),
        *("--max-response-time", "60"),
        *(("--seed", str(effort.seed)) if effort.seed is not None else ("--generation-deterministic",)),
        *(("--exclude-path-regex", effort.without) if effort.without else ()),
        *(("--header", f"Authorization: Bearer {key}") if key else ()),
    ]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "tests.judges.checks",
        "PYTHONPATH": str(REPOSITORY),
        "OWN_KEY_ID": key.split("_")[1] if key else "",
    }
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def fuzz_as(caller: str, database_url: str, effort: Effort, folder: Path) -> subprocess.CompletedProcess[str]:
    """Fuzz a server of the sample site in a new database, as anyone or with a key of a role."""
    with serving_sample(database_url, folder) as server:
        key = None if caller == ANYONE else new_key(database_url, caller)
        done = fuzz(server.port, key, effort, folder)
        assert "Traceback" not in server.output, server.output[-5000:]
        return done


def main() -> int:
    """Fuzz for longer than the suite does, with other cases each time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100, help="the most cases of an operation")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)), help="to repeat a run")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--caller", choices=CALLERS, action="append", help="all of them unless named")
    given = parser.parse_args()
    status = 0
    for caller in given.caller or CALLERS:
        sys.stdout.write(f"{caller} on {given.database}, seed {given.seed} …\n")
        sys.stdout.flush()
        with tempfile.TemporaryDirectory() as name, _database(given.database, Path(name)) as url:
            done = fuzz_as(caller, url, Effort(examples=given.examples, seed=given.seed), Path(name))
        sys.stdout.write(done.stdout + done.stderr)
        status = max(status, done.returncode)
    return status


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'cms.db'}"
        return
    server = PostgreSQLServer()
    server.start()
    try:
        yield server.create_database("fuzzing")
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())

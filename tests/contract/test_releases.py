"""The documents of releases stay as they are, and a break needs a line in the release notes."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openapi_spec_validator import validate

from tests.contract import breaks
from tests.contract.__main__ import contract
from tests.contract.editing import Edit
from tests.contract.releases import CURRENT, NOTES, RELEASES, ROOT, ReleaseError, Releases, headings

REMOVED = "Article: response-property-removed #/title"


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """A copy of what the repository has of releases, with release notes that have nothing to say."""
    shutil.copytree(ROOT / RELEASES, tmp_path / RELEASES)
    copy = Releases(tmp_path)
    (tmp_path / CURRENT).write_text(json.dumps(copy.document(copy.versions()[-1])))
    note(copy, "### API\n\n- Nothing.")
    return copy


def note(releases: Releases, text: str) -> None:
    """Write the release notes of what is not released yet."""
    lines = ["# Changelog", "## Unreleased", text, "## 0.1.0", "### Breaking changes", "- `old: news #`", ""]
    (releases.root / NOTES).write_text("\n\n".join(lines))


def change(releases: Releases, edit: Edit) -> None:
    """Do something to the current document."""
    newest = releases.document(releases.versions()[-1])
    edit(newest)
    (releases.root / CURRENT).write_text(json.dumps(newest))


def run(releases: Releases, *arguments: str) -> Result:
    return CliRunner().invoke(contract, ["--root", str(releases.root), *arguments])


# The repository's own documents.


def test_the_documents_of_releases_are_what_they_were() -> None:
    assert Releases().versions()[0] == "0.1.0"
    assert Releases().changed() == []


def test_the_documents_of_releases_are_valid() -> None:
    for version in Releases().versions():
        validate(Releases().document(version))


def test_every_release_in_the_notes_has_its_document() -> None:
    notes = (ROOT / NOTES).read_text(encoding="utf-8")
    assert headings(notes) == Releases().versions()[::-1]


def test_this_tree_breaks_nothing_that_the_release_notes_do_not_name() -> None:
    verdict = Releases().check()
    assert verdict.is_good, "\n".join(verdict.lines())


# What is done about a change.


def test_a_document_that_was_changed_is_found(releases: Releases) -> None:
    path = releases.folder / "0.1.0.json"
    path.write_bytes(path.read_bytes().replace(b"/api/v1/tags", b"/api/v1/topics"))
    assert releases.changed() == ["0.1.0.json"]


def test_a_document_that_is_gone_or_came_from_nowhere_is_found(releases: Releases) -> None:
    (releases.folder / "0.1.0.json").rename(releases.folder / "9.9.9.json")
    assert releases.changed() == ["0.1.0.json", "9.9.9.json"]


def test_without_a_break_the_command_succeeds(releases: Releases) -> None:
    result = run(releases)
    assert result.exit_code == 0, result.output
    assert "breaks a client" in result.output


def test_a_break_fails_the_command_and_is_explained(releases: Releases) -> None:
    change(releases, breaks.remove_a_member_of_an_answer)
    result = run(releases, "check")
    assert result.exit_code == 1
    first, what, reach, advice, *_ = result.output.splitlines()
    assert first == REMOVED
    assert what.strip() == "`title` is gone."
    assert reach.strip().startswith("Reaches GET /api/v1/articles, ")
    assert reach.strip().endswith(" more.")
    assert advice.strip().startswith("Keep it, mark it as deprecated")
    assert "### Breaking changes" in result.output


def test_a_break_that_the_release_notes_name_passes(releases: Releases) -> None:
    change(releases, breaks.remove_a_member_of_an_answer)
    note(releases, f"### Breaking changes\n\n- `{REMOVED}` The title is in `seo.title`.\n\n### API\n\n- More.")
    result = run(releases)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "text",
    [
        f"### API\n\n- `{REMOVED}` In the wrong section.",
        f"### Breaking changes\n\nIn a sentence: `{REMOVED}`.",
        "### Breaking changes\n\n- `Article: response-property-removed #/subtitle` Another one.",
        f"### Breaking changes\n\n## 0.1.1\n\n### Breaking changes\n\n- `{REMOVED}` Of another release.",
    ],
)
def test_a_break_must_be_named_exactly_and_in_its_place(releases: Releases, text: str) -> None:
    change(releases, breaks.remove_a_member_of_an_answer)
    note(releases, text)
    result = run(releases)
    assert result.exit_code == 1
    assert REMOVED in result.output.splitlines()


def test_a_break_that_is_named_and_is_none_fails(releases: Releases) -> None:
    note(releases, f"### Breaking changes\n\n- `{REMOVED}` Not done after all.")
    result = run(releases)
    assert result.exit_code == 1
    assert f"CHANGELOG.md names a break that there is not: {REMOVED}" in result.output


def test_a_release_is_kept_once(releases: Releases) -> None:
    assert run(releases, "keep").output == "Kept the document of 0.1.0.\n"
    assert releases.changed() == []
    change(releases, breaks.remove_a_filter)
    with pytest.raises(ReleaseError, match="is released, and its document does not change"):
        releases.keep()
    assert run(releases, "keep").exit_code == 1
    assert releases.changed() == []


def test_the_next_release_is_what_the_one_after_it_is_compared_with(releases: Releases) -> None:
    change(releases, breaks.remove_a_filter)
    assert replace(releases, current="0.10.0").keep() == "0.10.0"
    assert releases.versions() == ["0.1.0", "0.10.0"]
    assert releases.changed() == []
    assert run(releases).exit_code == 0
    change(releases, breaks.remove_a_sort)
    assert [each.id for each in releases.check().unnamed] == [
        "GET /api/v1/articles: request-value-removed #/parameters/query/sort"
    ]

"""Load the sample site through the same verbs and rules as the API."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from cms.api.contract import load, merge_patch
from cms.api.v1.schemas import ContentResource
from cms.api.v1.site_settings import SiteWrite
from cms.catalog import CONTENT_TYPES
from cms.content import actions, settings, timeline
from cms.content.draft_model import Entry
from cms.content.version import Change

FOLDER = resources.files("cms.demo") / "content"
SCHEDULED_IN = timedelta(days=7)

_RESOURCES = {resource.type.name: resource for resource in CONTENT_TYPES}


def load_site(change: Change) -> None:
    """Store the sample site's settings."""
    settings.save_site(change, load(SiteWrite(), _read("site.json")))


def load_entries(change: Change, tell: Callable[[str], None]) -> None:
    """Create and publish every sample entry, what is referred to first."""
    ids: dict[tuple[str, str], str] = {}
    for kind, file in (("tag", "tags"), ("author", "authors"), ("faq", "faqs"), ("social-link", "social_links")):
        entries = _read(f"{file}.json")
        for written in entries:
            entry = _create(change, _RESOURCES[kind], written, ids)
            timeline.publish(change, _RESOURCES[kind].type, entry)
        tell(f"{len(entries)} {file.replace('_', ' ')}")
    articles = [_article(file) for file in _article_files()]
    # Originals come before their translations, and relations after everything they name.
    articles.sort(key=lambda article: article["locale"] != "en")
    made = [_create(change, _RESOURCES["article"], _without(article, *_LOADER_KEYS), ids) for article in articles]
    for article, entry in zip(articles, made, strict=True):
        _finish(change, entry, article)
    tell(f"{len(articles)} articles")


_LOADER_KEYS = ("state", "changes", "related")


def _finish(change: Change, entry: Entry, article: Mapping[str, Any]) -> None:
    """Relate the article to others and bring it to the state that the sample gives it."""
    resource = _RESOURCES["article"]
    _save(change, entry, {**_without(article, *_LOADER_KEYS, "translation_of"), "related": article.get("related", [])})
    match article.get("state", "published"):
        case "draft":
            return
        case "scheduled":
            timeline.publish(change, resource.type, entry, live_from=change.at + SCHEDULED_IN)
        case "changed":
            timeline.publish(change, resource.type, entry)
            _save(change, entry, merge_patch(_without(article, *_LOADER_KEYS), article["changes"]))
        case _:
            timeline.publish(change, resource.type, entry)


def _save(change: Change, entry: Entry, written: Mapping[str, Any]) -> None:
    resource = _RESOURCES["article"]
    content = load(resource.written(), {**written, "translation_of": entry.translation_of})
    actions.save(change, resource.type, entry, content, note=content.pop("note"))


def _create(
    change: Change, resource: ContentResource, written: Mapping[str, Any], ids: dict[tuple[str, str], str]
) -> Entry:
    document = dict(written)
    if original := document.get("translation_of"):
        document["translation_of"] = ids[resource.type.name, original]
    content = load(resource.written(), document)
    entry = actions.create(change, resource.type, content, note=content.pop("note"))
    if entry.slug is not None:
        ids[resource.type.name, entry.slug] = entry.id
    return entry


def _article_files() -> list[Traversable]:
    folder = FOLDER / "articles"
    files = [*folder.iterdir(), *(folder / "de").iterdir()]
    return sorted((each for each in files if each.name.endswith(".md")), key=lambda each: each.name)


def _article(file: Traversable) -> dict[str, Any]:
    """A file's front matter, which is JSON between ``---json`` and ``---``, with its body and its slug."""
    head, _, body = file.read_text(encoding="utf-8").removeprefix("---json\n").partition("\n---\n")
    return {**json.loads(head), "slug": file.name.removesuffix(".md"), "body": body.lstrip("\n")}


def _without(article: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in article.items() if name not in names}


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))

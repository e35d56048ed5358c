"""Loads the sample site, by the same functions and rules as the API."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from cms.api.http.loading import load
from cms.api.http.merge_patch import merge_patch
from cms.api.v1.management.site_settings import SiteWrite
from cms.api.v1.schemas import ContentResource
from cms.catalog import CONTENT_TYPES
from cms.content.editing import actions, publishing, site_settings
from cms.content.editing.model import Entry
from cms.content.editing.write import Write

FOLDER = resources.files("cms.demo") / "content"
SCHEDULED_IN = timedelta(days=7)

_RESOURCES = {resource.type.name: resource for resource in CONTENT_TYPES}


def load_site(write: Write) -> None:
    """Save the settings of the sample site."""
    site_settings.save_site(write, load(SiteWrite(), _read("site.json")))


def load_entries(write: Write, report: Callable[[str], None]) -> None:
    """Create and publish every sample entry. An entry comes after the entries that it refers to."""
    ids: dict[tuple[str, str], str] = {}
    for kind, file in (("tag", "tags"), ("author", "authors"), ("faq", "faqs"), ("social-link", "social_links")):
        entries = _read(f"{file}.json")
        for written in entries:
            entry = _create(write, _RESOURCES[kind], written, ids)
            publishing.publish(write, _RESOURCES[kind].type, entry)
        report(f"{len(entries)} {file.replace('_', ' ')}")
    articles = [_article(file) for file in _article_files()]
    # Originals are created before their translations. Relations between articles are added when all exist.
    articles.sort(key=lambda article: article["locale"] != "en")
    made = [_create(write, _RESOURCES["article"], _without(article, *_LOADER_KEYS), ids) for article in articles]
    for article, entry in zip(articles, made, strict=True):
        _finish(write, entry, article)
    report(f"{len(articles)} articles")


_LOADER_KEYS = ("state", "changes", "related")


def _finish(write: Write, entry: Entry, article: Mapping[str, Any]) -> None:
    """Add the article's relations, and give it the state that its file names."""
    resource = _RESOURCES["article"]
    _save(write, entry, {**_without(article, *_LOADER_KEYS, "translation_of"), "related": article.get("related", [])})
    match article.get("state", "published"):
        case "draft":
            return
        case "scheduled":
            publishing.publish(write, resource.type, entry, live_from=write.at + SCHEDULED_IN)
        case "changed":
            publishing.publish(write, resource.type, entry)
            _save(write, entry, merge_patch(_without(article, *_LOADER_KEYS), article["changes"]))
        case _:
            publishing.publish(write, resource.type, entry)


def _save(write: Write, entry: Entry, written: Mapping[str, Any]) -> None:
    resource = _RESOURCES["article"]
    content = load(resource.written(), {**written, "translation_of": entry.translation_of})
    actions.save(write, resource.type, entry, content, note=content.pop("note"))


def _create(
    write: Write, resource: ContentResource, written: Mapping[str, Any], ids: dict[tuple[str, str], str]
) -> Entry:
    document = dict(written)
    if original := document.get("translation_of"):
        document["translation_of"] = ids[resource.type.name, original]
    content = load(resource.written(), document)
    entry = actions.create(write, resource.type, content, note=content.pop("note"))
    if entry.slug is not None:
        ids[resource.type.name, entry.slug] = entry.id
    return entry


def _article_files() -> list[Traversable]:
    folder = FOLDER / "articles"
    files = [*folder.iterdir(), *(folder / "de").iterdir()]
    return sorted((each for each in files if each.name.endswith(".md")), key=lambda each: each.name)


def _article(file: Traversable) -> dict[str, Any]:
    """An article's fields: its front matter, which is JSON between ``---json`` and ``---``, its slug and its body."""
    front_matter, _, body = file.read_text(encoding="utf-8").removeprefix("---json\n").partition("\n---\n")
    return {**json.loads(front_matter), "slug": file.name.removesuffix(".md"), "body": body.lstrip("\n")}


def _without(article: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in article.items() if name not in names}


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))

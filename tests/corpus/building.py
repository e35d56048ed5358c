"""The chapter that builds the site, through the API alone."""

from tests.corpus.content import ARTICLES, AUTHORS, FAQS, FRONT_MATTER, SITE, SOCIAL_LINKS, TAGS, Written
from tests.corpus.normalising import OWN_ID
from tests.corpus.recorder import Corpus

MANAGE = "/api/v1/manage"
ANY = {"If-Match": "*"}
NEW = {"If-None-Match": "*"}
FIRST_PLAN, SECOND_PLAN = "2027-06-02T08:30:00Z", "2027-06-03T08:30:00Z"


def own_id(number: int) -> str:
    """An id that the requests choose."""
    return f"{OWN_ID}{number:012}"


def build(corpus: Corpus) -> None:
    """Keys, settings, and entries in every state."""
    _keys(corpus)
    _settings(corpus)
    groups = (
        ("tags", TAGS),
        ("authors", AUTHORS),
        ("faqs", FAQS),
        ("social-links", SOCIAL_LINKS),
        ("articles", ARTICLES),
    )
    for plural, entries in groups:
        for name, written in entries.items():
            prefix = plural.removesuffix("s").replace("-", "_")
            corpus.make("POST", f"{MANAGE}/{plural}?publish=true", name=f"{prefix}_{name}", json=written)
    _states(corpus)
    _others(corpus)


def _keys(corpus: Corpus) -> None:
    corpus.get(f"{MANAGE}/whoami", "admin")
    for role in ("viewer", "author", "editor"):
        body = {"name": f"The {role}'s", "role": role}
        corpus.know_key(role, corpus.make("POST", f"{MANAGE}/keys", "admin", json=body)["key"])
    limited = {"name": "Purger", "scopes": ["content:purge"], "expires_at": "2030-01-01T00:30:00Z"}
    corpus.ask("POST", f"{MANAGE}/keys?dry_run=true", "admin", json=limited)


def _settings(corpus: Corpus) -> None:
    site = f"{MANAGE}/site"
    corpus.get("/api/v1/site")
    corpus.get(site, "viewer")
    corpus.ask("PATCH", f"{site}?dry_run=true", "admin", json={"name": "Tried"}, headers=ANY)
    corpus.make("PUT", site, "admin", json=SITE, headers=ANY)
    blockers = {"publish_blockers": ["missing_summary"], "tagline": "Bookbinding & repair, by hand"}
    corpus.make("PATCH", site, "admin", json=blockers, headers=ANY)
    unready = {"title": "Without a summary or a body"}
    corpus.ask("POST", f"{MANAGE}/articles?publish=true", "editor", json=unready)
    corpus.ask("POST", f"{MANAGE}/articles?publish=true&dry_run=true&override_reason=Urgent", "editor", json=unready)
    corpus.make("PATCH", site, "admin", json={"publish_blockers": []}, headers=ANY)


def _states(corpus: Corpus) -> None:
    """One article in each state that there is."""
    for number, state in enumerate(("draft", "scheduled", "expiring", "trashed", "unpublished", "renamed", "changed")):
        written = {
            "title": f"An article that is {state}",
            "slug": f"an-article-{state}",
            "summary": f"It is {state}.",
            "body": f"Words about glue, and that this is {state}.",
            "published_at": f"2025-0{number + 1}-05T08:30:00Z",
            "authors": ["orla-wrenmoor"],
            "tags": ["paper"],
        }
        corpus.make("POST", f"{MANAGE}/articles", "author", name=state, json=written)
    paths = {name: f"{MANAGE}/articles/{corpus.ids[name]}" for name in corpus.ids}
    plan = {"live_from": FIRST_PLAN, "live_until": SECOND_PLAN}
    corpus.make("PUT", f"{paths['scheduled']}/publication", json=plan, headers=ANY)
    corpus.make("PUT", f"{paths['expiring']}/publication", json={"live_until": FIRST_PLAN}, headers=ANY)
    corpus.make("DELETE", paths["trashed"], headers=ANY)
    for state in ("unpublished", "renamed", "changed"):
        corpus.make("PUT", f"{paths[state]}/publication", json={}, headers=ANY)
    corpus.make("DELETE", f"{paths['unpublished']}/publication", headers=ANY)
    for slug in ("a-first-name", "a-second-name"):
        renaming = {"slug": slug, "note": f"Now {slug}"}
        corpus.make("PATCH", f"{paths['renamed']}?publish=true", json=renaming, headers=ANY)
    changes = {"title": "An article that will be changed", "tags": ["tools"], "extra": {"n": 1}}
    corpus.make("PATCH", paths["changed"], "author", json=changes, headers=ANY)
    corpus.make("PUT", f"{paths['changed']}/publication", json={"live_from": SECOND_PLAN}, headers=ANY)
    more = {"summary": "It has been changed twice."}
    corpus.make("PATCH", paths["changed"], "author", json=more, headers=ANY)


def _others(corpus: Corpus) -> None:
    """What is written in other ways: under an id of one's own, from a file, again, and what is no more."""
    others: tuple[tuple[str, Written], ...] = (
        ("tags", {"name": "Unused"}),
        ("authors", {"name": "Mirei Asagiri"}),
        ("faqs", {"question": "Who answers?", "answer": "Nobody yet.", "position": 9}),
        ("social-links", {"platform": "github", "handle": "harbour", "author": own_id(2)}),
        ("articles", {"title": "By nobody yet", "authors": [own_id(2)], "tags": [own_id(1)], "body": None}),
    )
    for number, (plural, body) in enumerate(others, start=1):
        path = f"{MANAGE}/{plural}/{own_id(number)}"
        corpus.make("PUT", path, json=body, headers=NEW)
        corpus.make("PUT", path, json=body | {"extra": {"again": True}}, headers=ANY)
    corpus.make("PUT", f"{MANAGE}/articles/{own_id(5)}/publication", json={}, headers=ANY)
    markdown = {"Content-Type": "text/markdown"}
    corpus.make("POST", f"{MANAGE}/articles?publish=true", name="morning", data=FRONT_MATTER, headers=markdown)
    copy = {"note": "For next year", "slug": "next-year"}
    corpus.make("POST", f"{MANAGE}/articles/{corpus.ids['article_loose']}/duplicate", name="copy", json=copy)
    for plural, name in (("articles", "article"), ("tags", "tag")):
        body = {"title" if name == "article" else "name": "To be erased"}
        corpus.make("POST", f"{MANAGE}/{plural}?publish=true", name=f"erased_{name}", json=body)
        corpus.make("DELETE", f"{MANAGE}/{plural}/{corpus.ids[f'erased_{name}']}?purge=true", headers=ANY)
    corpus.make("POST", f"{MANAGE}/tags", name="trashed_tag", json={"name": "In the trash"})
    corpus.make("DELETE", f"{MANAGE}/tags/{corpus.ids['trashed_tag']}", headers=ANY)

"""The chapters that write: with conditions, in trial, repeated, many at once, and wrongly in every way."""

from typing import Any

from tests.corpus.building import ANY, MANAGE, NEW, own_id
from tests.corpus.recorder import Corpus
from tests.service import MERGE_PATCH

ARTICLES = f"{MANAGE}/articles"
TAGS = f"{MANAGE}/tags"


def write(corpus: Corpus) -> None:
    """Writes that a careful client makes."""
    _in_trial(corpus)
    _on_condition(corpus)
    _repeated(corpus)
    _one_after_another(corpus)
    _many_at_once(corpus)
    _keys(corpus)


def _in_trial(corpus: Corpus) -> None:
    one = f"{ARTICLES}/{corpus.ids['changed']}"
    trials: list[tuple[str, str, Any]] = [
        ("POST", ARTICLES, {"title": "Tried", "body": "Only *tried*."}),
        ("PATCH", one, {"title": "Tried", "tags": [], "seo": {"title": "T"}}),
        ("PATCH", f"{one}?publish=true", {"summary": "Tried and published."}),
        ("PUT", one, {"title": "Replaced"}),
        ("PUT", f"{ARTICLES}/{own_id(90)}", {"title": "New"}),
        ("PUT", f"{one}/publication", {"live_from": "2027-06-09T08:30:00Z"}),
        ("PUT", f"{one}/publication", {"revision": 1}),
        ("DELETE", f"{one}/publication", None),
        ("DELETE", one, None),
        ("POST", f"{one}/duplicate", {}),
        ("POST", f"{one}/restore", {"revision": 1}),
        ("POST", f"{ARTICLES}/{corpus.ids['trashed']}/undelete", None),
        ("DELETE", f"{TAGS}/{corpus.ids['tag_tools']}?force=true", None),
        ("PUT", f"{MANAGE}/site", {"name": "Tried"}),
    ]
    for method, path, body in trials:
        query = "&dry_run=true" if "?" in path else "?dry_run=true"
        options: dict[str, Any] = {} if body is None else {"json": body}
        headers = NEW if path.endswith(own_id(90)) else {} if method == "POST" else ANY
        by = "admin" if path.endswith("site") else "editor"
        corpus.ask(method, path + query, by, headers=headers, **options)
    corpus.get(one, "viewer")


def _on_condition(corpus: Corpus) -> None:
    one = f"{TAGS}/{corpus.ids['tag_paper']}"
    old = corpus.get(one, "viewer").headers["ETag"]
    corpus.make("PATCH", one, "author", json={"description": "Sheets."}, headers={"If-Match": old})
    for headers in (
        {"If-Match": old},
        {"If-Match": f"W/{old}"},
        {"If-Match": f'{old}, "x"'},
        {"If-Match": "nonsense"},
        {},
    ):
        corpus.ask("PATCH", one, "author", json={"description": "Other."}, headers=headers)
        corpus.ask("PUT", one, "author", json={"name": "Paper"}, headers=headers)
        corpus.ask("DELETE", one, "author", headers=headers)
        corpus.ask("PUT", f"{one}/publication", "editor", json={}, headers=headers)
    new = corpus.get(one, "viewer").headers["ETag"]
    corpus.ask("PATCH", one, "author", json={"description": "Sheets."}, headers={"If-Match": new})
    corpus.ask("PUT", f"{one}/publication", "editor", json={}, headers={"If-Match": new})
    corpus.ask("PUT", one, "author", json={"name": "Paper"}, headers=NEW)
    corpus.ask("PUT", f"{TAGS}/{corpus.ids['erased_tag']}", "author", json={"name": "Again"}, headers=NEW)
    corpus.ask("PUT", f"{TAGS}/{own_id(91)}", "author", json={"name": "Neither"})
    corpus.ask("PUT", f"{TAGS}/{own_id(91)}", "author", json={"name": "Nothing there"}, headers=ANY)
    corpus.ask("PATCH", f"{MANAGE}/site", "admin", json={"name": "X"}, headers={"If-Match": '"0"'})
    corpus.ask("PATCH", f"{MANAGE}/site", "admin", json={"name": "X"})
    corpus.ask("POST", f"{one}/duplicate", "author", json={}, headers={"If-Match": '"0"'})


def _repeated(corpus: Corpus) -> None:
    first = {"Idempotency-Key": "first"}
    corpus.ask("POST", TAGS, "author", json={"name": "Once"}, headers=first)
    corpus.ask("POST", TAGS, "author", json={"name": "Once"}, headers=first)
    corpus.ask("POST", TAGS, "author", json={"name": "Twice"}, headers=first)
    corpus.ask("POST", f"{TAGS}?dry_run=true", "author", json={"name": "Once"}, headers=first)
    corpus.ask("POST", TAGS, "editor", json={"name": "Once more"}, headers=first)
    for _ in range(2):
        corpus.ask(
            "POST", TAGS, "author", json={"name": "Taken", "slug": "repair"}, headers={"Idempotency-Key": '"taken"'}
        )
        corpus.ask("POST", TAGS, "author", json={"nothing": 1}, headers={"Idempotency-Key": "invalid"})
        tokens = f"{ARTICLES}/{corpus.ids['draft']}/preview-tokens"
        corpus.ask("POST", tokens, "author", json={}, headers={"Idempotency-Key": "token"})
    corpus.ask("POST", TAGS, "author", json={"name": "X"}, headers={"Idempotency-Key": "not a key!"})


def _one_after_another(corpus: Corpus) -> None:
    """The life of one entry, and of what refers to it."""
    created = corpus.make("POST", TAGS, "author", name="life", json={"name": "Life", "note": "Begun."})
    one = f"{TAGS}/{created['id']}"
    corpus.ask("PATCH", one, "author", json={"name": "A life", "note": None}, headers=ANY)
    corpus.ask("PATCH", one, "author", json={"slug": "a-life"}, headers=ANY)
    corpus.ask("PUT", f"{one}/publication", json={}, by="editor", headers=ANY)
    corpus.ask("PUT", f"{one}/publication", json={}, by="editor", headers=ANY)
    corpus.ask("POST", f"{one}/restore", "author", json={"revision": 1})
    corpus.ask("POST", f"{one}/restore", "author", json={"revision": 77})
    corpus.get(f"{one}/diff?from=live&to=draft", "viewer")
    plan = {"live_from": "2027-06-20T08:30:00Z", "live_until": "2027-06-25T08:30:00Z", "revision": 2}
    corpus.ask("PUT", f"{one}/publication", "editor", json=plan, headers=ANY)
    standing = corpus.get(f"{one}/publication", "viewer").get_json()["data"]
    for interval in standing["timeline"]:
        corpus.ask("DELETE", f"{one}/publication/{interval['id']}", "editor", headers=ANY)
    corpus.ask("DELETE", f"{one}/publication/{own_id(1)}", "editor", headers=ANY)
    corpus.ask("DELETE", f"{one}/publication?at=2027-06-22T08:30:00Z", "editor", headers=ANY)
    corpus.ask("DELETE", f"{one}/publication?at=2020-06-22T08:30:00Z", "editor", headers=ANY)
    article = corpus.make(
        "POST", ARTICLES, "editor", name="refers", json={"title": "It refers", "tags": [created["id"]]}
    )
    corpus.get(f"{one}/usage", "viewer")
    corpus.ask("DELETE", one, "editor", headers=ANY)
    corpus.ask("DELETE", f"{one}?purge=true&force=true&replace_with=repair", "editor", headers=ANY)
    corpus.ask("DELETE", f"{one}?replace_with=no-such-tag", "editor", headers=ANY)
    corpus.ask("DELETE", f"{one}?replace_with=tools", "editor", headers=ANY)
    corpus.get(f"{ARTICLES}/{article['id']}", "viewer")
    corpus.ask("DELETE", one, "editor", headers=ANY)
    corpus.ask("PATCH", one, "editor", json={"name": "In the trash"}, headers=ANY)
    corpus.ask("POST", f"{one}/undelete", "editor")
    corpus.ask("POST", f"{one}/undelete", "editor")
    corpus.ask("DELETE", f"{one}?purge=true", "author", headers=ANY)
    corpus.ask("DELETE", f"{one}?purge=true", "editor", headers=ANY)
    corpus.get(one, "viewer")
    markdown = {"Content-Type": "text/markdown", "If-Match": "*"}
    corpus.ask(
        "PUT", f"{ARTICLES}/{article['id']}", "editor", data="---\ntitle: From a file\n---\n\nAnew.\n", headers=markdown
    )
    corpus.ask("PUT", f"{ARTICLES}/{article['id']}", "editor", data="---\ntitle: [\n---\n", headers=markdown)
    corpus.ask("PUT", f"{ARTICLES}/{article['id']}", "editor", data="No title", headers=markdown)


def _many_at_once(corpus: Corpus) -> None:
    batch = f"{MANAGE}/batch"
    tag = {"method": "PUT", "path": f"/tags/{own_id(50)}", "headers": NEW, "body": {"name": "Of a batch"}}
    article = {
        "method": "POST",
        "path": "/articles",
        "query": {"publish": True},
        "body": {"title": "Of it", "tags": [own_id(50)]},
    }
    site = {"method": "PATCH", "path": "/site", "headers": ANY, "body": {"tagline": "By a batch"}}
    gone = {"method": "PATCH", "path": f"/tags/{own_id(51)}", "headers": ANY, "body": {"name": "X"}}
    stale = {"method": "PATCH", "path": f"/tags/{own_id(1)}", "headers": {"If-Match": '"0"'}, "body": {"name": "X"}}
    wrong = {"method": "POST", "path": "/tags", "body": {"nome": "X"}}
    unknown = {"method": "POST", "path": "/nowhere", "body": {}}
    for operations in (
        [tag, gone],
        [tag, stale],
        [tag, wrong, unknown],
        [],
        [{"method": "GET", "path": "/tags"}],
        [tag] * 101,
    ):
        corpus.ask("POST", batch, "admin", json={"operations": operations})
    corpus.ask("POST", f"{batch}?dry_run=true", "admin", json={"operations": [tag, article, site]})
    corpus.ask("POST", batch, "author", json={"operations": [tag, site]})
    for _ in range(2):
        corpus.ask(
            "POST", batch, "admin", json={"operations": [tag, article, site]}, headers={"Idempotency-Key": "batch"}
        )
    erase = {"method": "DELETE", "path": f"/tags/{own_id(50)}", "query": {"force": True}, "headers": ANY}
    corpus.ask("POST", batch, "admin", json={"operations": [erase]})


def _keys(corpus: Corpus) -> None:
    keys = f"{MANAGE}/keys"
    key_bodies: list[dict[str, Any]] = [
        {"name": "No scope"},
        {"name": "Unknown", "role": "emperor", "scopes": ["world:rule"]},
        {"name": "Past", "role": "viewer", "expires_at": "2020-01-01T00:30:00Z"},
        {"name": ""},
    ]
    for body in key_bodies:
        corpus.ask("POST", keys, "admin", json=body)
    corpus.ask("POST", keys, "editor", json={"name": "X", "role": "viewer"})
    corpus.ask("DELETE", f"{keys}/NoSuchKey", "admin")
    corpus.ask("DELETE", f"{keys}/{corpus.ids['key_viewer']}?dry_run=true", "admin")
    made = corpus.make("POST", keys, "admin", json={"name": "Revoked soon", "role": "viewer"})
    corpus.know_key("revoked", made["key"])
    corpus.get(f"{keys}/{made['id']}", "admin")
    corpus.get(f"{MANAGE}/tags?limit=1", "revoked")
    corpus.ask("DELETE", f"{keys}/{made['id']}", "admin")
    corpus.get(f"{MANAGE}/tags?limit=1", "revoked")
    corpus.get(keys, "admin")


QUERIES = (
    *("articles?limit=0", "articles?limit=101", "articles?limit=x", "articles?limit=1&limit=2", "articles?nonsense=1"),
    *(
        "articles?lmit=2&srot=title",
        "articles?sort=nonsense",
        "articles?fields=nonsense,title",
        "articles?include=nonsense",
    ),
    *(
        "articles?exclude=nope",
        "articles?fields=title&exclude=title",
        "articles?formats=pdf",
        "articles?featured=maybe",
    ),
    *("articles?published_at__gte=yesterday", "articles?published_at__lt=2026-02-30T00:00:00Z", "articles?id=x"),
    *(
        "articles?locale=not_a_locale",
        "articles?cursor=nonsense",
        "articles?cursor=",
        "articles?tag=",
        "articles?q=%00",
    ),
    *(
        "articles?include=authors.social_links.author",
        "articles/loose-spine?nonsense=1",
        "articles/loose-spine?formats=",
    ),
    *("faqs?article=loose-spine&article=wheat-paste", "social-links?platform=nonsense", "social-links?owner=nobody"),
    *(
        "tags?include=articles",
        "site?include=nonsense",
        "platforms?a=1",
        "redirects?from=nonsense",
        "redirects?format=x",
    ),
    *("changes?since=nonsense", "changes?type=nonsense", "changes?limit=0", "stream?since=nonsense", "tags/%72epair"),
    *("tags?locale=%FF", "articles?q=" + "x" * 400, "articles?published_at__exists=x", "tags/Repair", "tags/repair/"),
)

# At most one unknown field in an object, and one missing in a rich text: the order of several is that of a set.
BODIES: dict[str, list[Any]] = {
    "articles": [
        {},
        {"title": None},
        {"title": ""},
        {"title": "x" * 201},
        {"title": "X\x00"},
        {"title": 1, "subtitle": [], "featured": "yes", "tags": "repair", "extra": []},
        {"title": "X", "slug": "Not A Slug", "locale": "xx-nonsense", "published_at": "2026-13-01"},
        {"title": "X", "tittle": "Y"},
        {"title": "X", "authors": ["no-such-author"], "tags": ["repair", "repair"], "related": [1]},
        {"title": "X", "authors": ["repair"], "translation_of": "no-such-article"},
        {"title": "X", "locale": "fr"},
        {"title": "X", "locale": "de", "translation_of": "wheat-paste", "slug": "loser-ruecken"},
        {"title": "X", "slug": "loose-spine"},
        {"title": "X", "body": {"format": "pdf", "source": "x"}},
        {"title": "X", "body": {"format": "html"}},
        {"title": "X", "body": {"format": "blocks", "source": [{"_type": "nonsense"}, {"children": []}, 1]}},
        {"title": "X", "body": {"format": "blocks", "source": [{"_type": "embed", "url": "https://x.example/"}]}},
        {"title": "X", "body": {"format": "blocks", "source": [{"_type": "html", "trust": "raw", "html": "<b>x</b>"}]}},
        {
            "title": "X",
            "body": {"format": "blocks", "source": [{"_type": "pull-out", "kind": "statistic", "content": []}]},
        },
        {"title": "X", "hero_image": {"url": "javascript:x()", "width": 0}, "calls_to_action": [{"label": "x"}]},
        {"title": "X", "seo": {"canonical_url": "nonsense", "noindex": 3, "titel": "x"}},
        {"title": "X", "extra": {"x": "y" * 17_000}},
    ],
    "faqs": [{}, {"question": "X?", "answer": None}, {"question": "X?", "answer": "x", "position": -1, "tags": [None]}],
    "authors": [
        {},
        {"name": "X", "website": "x", "avatar": {}, "credentials": "x" * 61},
        {"name": "X", "bio": {"format": "a", "source": 1}},
    ],
    "social-links": [
        {},
        {"platform": "nonsense", "handle": "x"},
        {"platform": "youtube"},
        {"platform": "youtube", "handle": "not a handle!"},
        {"platform": "linkedin", "url": "https://www.youtube.com/@x"},
        {"platform": "github", "url": "https://github.com/a", "handle": "b"},
        {"platform": "github", "handle": "a", "author": "nobody"},
        {"platform": "github", "handle": "a", "slug": "x"},
    ],
    "tags": [{"name": "x" * 81}, {"name": "X", "description": 1}, {"name": "X", "translation_of": own_id(77)}, []],
}


def refuse(corpus: Corpus) -> None:
    """Everything that is wrong, and by whom."""
    for path in QUERIES:
        corpus.get(f"/api/v1/{path}")
    for plural, bodies in BODIES.items():
        for body in bodies:
            corpus.ask("POST", f"{MANAGE}/{plural}", "editor", json=body)
    _refused_bytes(corpus)
    _refused_settings(corpus)
    _refused_plans(corpus)
    _refused_people(corpus)


def _refused_bytes(corpus: Corpus) -> None:
    sent: list[tuple[bytes, dict[str, str]]] = [
        (b"", {"Content-Type": "application/json"}),
        (b"{", {"Content-Type": "application/json"}),
        (b'{"name": "a", "name": "b"}', {"Content-Type": "application/json"}),
        (b'{"name": NaN}', {"Content-Type": "application/json"}),
        (b'{"name": "\xff"}', {"Content-Type": "application/json"}),
        (b"[" * 200 + b"]" * 200, {"Content-Type": "application/json"}),
        (b"{}", {"Content-Type": "text/plain"}),
        (b"{}", {"Content-Type": "application/json; charset=latin-1"}),
        (b"{}", {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
        (b"{}", {}),
        (b" " * 1_100_000, {"Content-Type": "application/json"}),
        (b'{"name": "X"}', {"Content-Type": "application/json", "Accept": "text/html"}),
    ]
    for data, headers in sent:
        corpus.ask("POST", TAGS, "author", data=data, headers=headers)
        corpus.ask("PUT", f"{TAGS}/{own_id(1)}", "author", data=data, headers=headers | ANY)
    for kind in ("application/json", MERGE_PATCH, f"{MERGE_PATCH}; charset=latin-1"):
        corpus.ask("PATCH", f"{TAGS}/{own_id(1)}", "author", data=b"{", headers=ANY | {"Content-Type": kind})
    corpus.get("/api/v1/tags/" + "x" * 9000)
    for host in ("elsewhere.example", "a..b", ""):
        corpus.get("/api/v1/tags", Host=host)


def _refused_settings(corpus: Corpus) -> None:
    patches: list[Any] = [
        {"name": None},
        {"base_url": "nonsense", "words_per_minute": 1, "title_template": "no place"},
        {"locales": [{"code": "en", "fallback": "en"}, {"code": "en", "fallback": "fr"}]},
        {"locales": [], "default_locale": "fr"},
        {"default_locale": "fr"},
        {"url_patterns": {"article": "no-slash", "nonsense": "/"}, "navigation": [{"label": "X"}]},
        {"publish_blockers": ["nonsense", "missing_alt", "missing_alt"]},
        {"nmae": "X"},
        {},
        [],
    ]
    for patch in patches:
        corpus.ask("PATCH", f"{MANAGE}/site", "admin", json=patch, headers=ANY)


def _refused_plans(corpus: Corpus) -> None:
    plans: list[Any] = [
        {"live_from": "2020-01-01T00:30:00Z"},
        {"live_until": "2020-01-01T00:30:00Z"},
        {"live_from": "2028-01-02T00:30:00Z", "live_until": "2028-01-01T00:30:00Z"},
        {"live_from": "2027-06-02T09:30:00Z"},
        {"revision": 99},
        {"revision": 0, "live_form": "x"},
        {"live_from": "tomorrow"},
    ]
    for name in ("scheduled", "trashed"):
        for plan in plans:
            path = f"{ARTICLES}/{corpus.ids[name]}/publication"
            corpus.ask("PUT", path, "editor", json=plan, headers=ANY)


def _refused_people(corpus: Corpus) -> None:
    one = f"{ARTICLES}/{corpus.ids['article_paste']}"
    for by in ("anyone", "viewer", "author"):
        corpus.ask("POST", f"{ARTICLES}?publish=true", by, json={"title": "X"})
        corpus.ask("PUT", f"{one}/publication", by, json={}, headers=ANY)
        corpus.ask("DELETE", f"{one}?purge=true", by, headers=ANY)
        corpus.ask("PATCH", f"{MANAGE}/site", by, json={}, headers=ANY)
        corpus.ask("POST", f"{MANAGE}/keys", by, json={"name": "X", "role": "viewer"})
        corpus.ask("POST", f"{MANAGE}/batch", by, json={"operations": []})
    for value in ("Bearer", "Bearer nonsense", "Basic YTpi", "Bearer cms_AAAAAAAAAAAA_nonsense", "bearer  x"):
        corpus.get(f"{MANAGE}/tags", Authorization=value)
        corpus.get("/api/v1/tags?limit=1&fields=name", Authorization=value)
    for method, path in (
        ("PUT", TAGS),
        ("DELETE", TAGS),
        ("POST", one),
        ("PATCH", f"{one}/publication"),
        ("GET", f"{MANAGE}/batch"),
    ):
        corpus.ask(method, path, "admin")
    corpus.get(f"{MANAGE}/nothing", "admin")
    corpus.get(f"{MANAGE}/articles/not-an-id", "viewer")
    corpus.get(f"{MANAGE}/tags/{corpus.ids['article_paste']}", "viewer")

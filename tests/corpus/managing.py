"""The chapters that need a key and change nothing: working copies, history, the log, and previews."""

from tests.corpus.building import MANAGE, own_id
from tests.corpus.recorder import Corpus

LISTS = """\
articles?limit=2
articles?limit=2&include_total=true&sort=title
articles?status=draft&limit=5
articles?status=scheduled
articles?status=unpublished&status=scheduled&limit=3
articles?has_unpublished_changes=true&limit=3
articles?trashed=true
articles?tag=tools&limit=2
articles?author={author_tobias}&limit=1
articles?locale=de
articles?q=changed&limit=2
articles?slug=loose-spine
articles?id={article_paste}
articles?featured=true&limit=1
articles?published_at__lt=2025-03-01T00:00:00Z
articles?updated_at__gt=2100-01-01T00:00:00Z
articles?published_at__exists=false&limit=2
articles?fields=title
articles?status=nonsense
faqs?limit=2
faqs?article=loose-spine&limit=1
faqs?status=draft
authors
authors?status=draft
social-links?owner=site
social-links?platform=linkedin
tags?include_total=true
tags?trashed=true
tags?q=paper
site
keys
keys/{key_viewer}
keys/NoSuchKey
whoami
"""

OF_ENTRIES = (
    *("", "/publication", "/revisions", "/revisions?limit=1", "/revisions/1", "/revisions/99", "/revisions/x"),
    *("/usage", "/usage?limit=1", "/readiness", "/readiness?revision=1", "/diff", "/diff?from=1&to=draft"),
    *("/diff?from=1&to=2", "/diff?from=live&to=99", "/diff?from=nonsense"),
)

EVENTS = """\
events?limit=5
events?limit=3&sort=change
events?type=tag&limit=3
events?action=published&limit=2
events?action=purged
events?subject={changed}
events?key={key_author}&limit=2
events?change__gte=5&change__lt=8
events?at__lt=2020-01-01T00:00:00Z
events?type=key
events?type=site
events?nonsense=1
events?change__gte=x
events/5-0
events/20-0
events/999-0
events/nonsense
"""

PREVIEWS = """\
articles?limit=2&sort=title
articles?limit=30&fields=title,slug,version
articles?limit=30&fields=title&perspective=published
articles?limit=30&fields=title&at=2027-06-02T12:30:00Z
articles?limit=30&fields=title&at=2027-06-04T12:30:00Z
articles?limit=30&fields=title&at=2020-06-04T12:30:00Z
articles?fields=title&perspective=draft&at=2027-06-02T12:30:00Z
articles?tag=tools&fields=title,tags
articles?q=twice&fields=title
articles?at=nonsense
articles?perspective=nonsense
articles/an-article-draft
articles/an-article-draft?perspective=published
articles/an-article-scheduled?at=2027-06-02T12:30:00Z&include=seo,adjacent
articles/an-article-scheduled?at=2027-06-05T12:30:00Z
articles/an-article-changed?fields=title,tags,version
articles/an-article-changed?perspective=published&fields=title,tags,version
articles/an-article-changed?at=2027-06-03T12:30:00Z&fields=title,tags,version
articles/an-article-trashed
articles/a-first-name?fields=title
articles/loose-spine?include=authors.social_links,faqs,translations,jsonld&exclude=body
articles/{article_blocks}?formats=blocks
articles/by-nobody-yet?include=authors,tags
articles/no-such-article
faqs?limit=2
faqs/who-answers?formats=text
faqs/which-glue?locale=de
authors?fields=name
authors/mirei-asagiri?include=social_links,articles
social-links?fields=platform,owner
social-links/{social_link_other}
tags?sort=-article_count&fields=name,article_count
tags/unused
search?q=glue&limit=3
search?q=glue&perspective=published&limit=1
search?q=glue&at=2027-06-02T12:30:00Z&limit=2
search?q=nobody
"""


def manage(corpus: Corpus) -> None:
    """Working copies and all that belongs to them."""
    for line in LISTS.splitlines():
        corpus.get(f"{MANAGE}/{line.format_map(corpus.ids)}", "admin")
    for name in ("changed", "scheduled", "trashed", "erased_article"):
        for rest in OF_ENTRIES:
            corpus.get(f"{MANAGE}/articles/{corpus.ids[name]}{rest}", "viewer")
    others = (
        ("articles", corpus.ids["article_loose"]),
        ("tags", corpus.ids["tag_repair"]),
        ("authors", corpus.ids["author_orla"]),
        ("faqs", corpus.ids["faq_glue"]),
        ("social-links", corpus.ids["social_link_linkedin"]),
    )
    for plural, entry_id in others:
        for rest in ("", "/publication", "/revisions", "/revisions/1", "/usage", "/readiness", "/diff"):
            corpus.get(f"{MANAGE}/{plural}/{entry_id}{rest}", "viewer")
        corpus.ask("HEAD", f"{MANAGE}/{plural}/{entry_id}", "viewer")
        corpus.ask("OPTIONS", f"{MANAGE}/{plural}/{entry_id}")
    one = f"{MANAGE}/articles/{corpus.ids['article_paste']}"
    for accept in ("text/markdown", "text/html", "application/json"):
        corpus.get(one, "viewer", Accept=accept)
    corpus.get(f"{MANAGE}/faqs/{own_id(3)}", "viewer", Accept="text/markdown")
    tag = corpus.get(one, "viewer").headers["ETag"]
    corpus.get(one, "viewer", If_None_Match=tag)
    corpus.get(one, "viewer", If_Match='"0"')
    for by in ("anyone", "viewer", "author", "editor"):
        corpus.get(f"{MANAGE}/whoami", by)
        corpus.get(f"{MANAGE}/keys", by)
        corpus.get(f"{MANAGE}/events?limit=1", by)
        corpus.get(f"{MANAGE}/site", by)


def log(corpus: Corpus) -> None:
    """The audit log."""
    for line in EVENTS.splitlines():
        corpus.get(f"{MANAGE}/{line.format_map(corpus.ids)}", "editor" if "key" not in line else "admin")


def preview(corpus: Corpus) -> None:
    """What will be, for those who may see it: with a key, and with a token."""
    for line in PREVIEWS.splitlines():
        corpus.get(f"/api/v1/preview/{line.format_map(corpus.ids)}", "viewer")
    corpus.get("/api/v1/preview/articles")
    corpus.get("/api/v1/preview/articles/an-article-draft", Accept="text/markdown")
    corpus.get("/api/v1/preview/articles/an-article-draft", "viewer", Accept="text/markdown")
    corpus.get("/api/v1/preview/articles/an-article-draft", "viewer", Accept="application/ld+json")
    corpus.ask("HEAD", "/api/v1/preview/articles/an-article-draft", "viewer")
    corpus.ask("OPTIONS", "/api/v1/preview/articles")
    corpus.ask("POST", "/api/v1/preview/articles", "viewer", json={})
    tokens = f"{MANAGE}/articles/{corpus.ids['draft']}/preview-tokens"
    for body in ({}, {"expires_in_seconds": 7200}, {"expires_in_seconds": 1}, {"nonsense": 1}):
        corpus.ask("POST", tokens, "viewer", json=body)
    corpus.ask("POST", f"{tokens}?dry_run=true", "viewer", json={})
    token = corpus.make("POST", tokens, "editor", json={})["token"]
    for path in (corpus.ids["draft"], "an-article-draft", "an-article-changed"):
        corpus.get(f"/api/v1/preview/articles/{path}?fields=title&token={token}")
    corpus.get(f"/api/v1/preview/articles/{corpus.ids['draft']}?token=preview_nonsense")
    corpus.get(f"/api/v1/preview/articles?token={token}")

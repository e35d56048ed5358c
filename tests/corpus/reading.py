"""The chapters that read what is public: delivery, search, feeds, and the service's own pages."""

from dataclasses import replace

from cms.app import create_app
from tests.corpus.recorder import Corpus
from tests.service import Service

LISTS = """\
articles
articles?limit=2
articles?limit=2&include_total=true&sort=title
articles?limit=3&sort=published_at&fields=title,slug,published_at
articles?limit=3&sort=-updated_at&fields=title
articles?locale=de
articles?locale=de-AT&fields=title
articles?locale=fr&fields=title
articles?tag=repair&fields=title,tags
articles?tag=repair&tag=paper&fields=title
articles?tag={tag_tools}&fields=title
articles?tag=no-such-tag
articles?author=orla-wrenmoor&fields=title,authors
articles?author={author_tobias}&tag=paper&fields=title
articles?featured=true&fields=title,featured
articles?featured=false&fields=title
articles?id={article_loose}&id={article_tools}&fields=title
articles?slug=loose-spine&fields=title
articles?q=glue&fields=title
articles?q=gluing&fields=title&include_total=true
articles?published_at__gte=2026-01-01T00:00:00Z&fields=title
articles?published_at__lt=2026-01-01T00:00:00%2B01:00&published_at__gt=2025-06-01T00:00:00Z&fields=title
articles?published_at__exists=true&limit=1&fields=title
articles?updated_at__lte=2020-01-01T00:00:00Z
articles?exclude=summary,toc,tags,authors&limit=1
articles?fields=title,body&formats=text&limit=2
articles?fields=title,body&formats=markdown,text&limit=1
articles?include=authors,tags&limit=1
articles?include=authors.social_links&limit=1
articles?include=faqs,related&limit=1&tag=repair
articles?include=translations&limit=1&featured=true
articles?include=seo&limit=1&fields=title,seo
articles?include=jsonld&limit=1&fields=title,jsonld
faqs
faqs?sort=question&fields=question
faqs?sort=-updated_at&fields=question
faqs?locale=de
faqs?tag=paper&fields=question,answer
faqs?article=loose-spine&fields=question
faqs?include=tags,articles&limit=1
faqs?include=jsonld&limit=1
faqs?formats=html,markdown,text,blocks&limit=1
faqs?q=night&fields=question
authors
authors?include=social_links
authors?include=articles&limit=1
authors?include=jsonld&limit=1
authors?locale=de
authors?sort=-updated_at&fields=name
authors?q=orla&fields=name
authors?slug=orla-wrenmoor&fields=name,bio&formats=text,html
social-links
social-links?sort=platform&fields=platform,url
social-links?owner=site
social-links?owner=author&fields=platform,owner
social-links?author=orla-wrenmoor&include=author
social-links?platform=mastodon&platform=youtube&fields=platform
social-links?id={social_link_other}
tags
tags?sort=-article_count&include_total=true
tags?locale=de
tags?q=paper
tags?id={tag_repair}&fields=name,article_count
site
site?include=social_links
site?include=jsonld
site?include=social_links,jsonld
platforms
redirects
redirects?limit=1
redirects?from=/blog/a-first-name
redirects?from=https://harbour-and-reed.example/blog/an-article-renamed/
redirects?from=/blog/loose-spine
redirects?format=netlify
redirects?format=vercel
redirects?format=next
redirects?format=cloudflare
redirects?format=nginx
"""

ENTRIES = """\
articles/loose-spine
articles/loose-spine?formats=html,markdown,text,blocks
articles/loose-spine?include=authors,authors.social_links,tags,faqs,related,adjacent,translations,seo,jsonld
articles/loose-spine?include=adjacent&fields=title,adjacent
articles/loose-spine?fields=body&formats=blocks
articles/loose-spine?exclude=body,toc
articles/loose-spine?locale=de
articles/loose-spine?locale=en&fields=title,locale,translations
articles/loser-ruecken
articles/loser-ruecken?locale=de&include=seo,translations
articles/loser-ruecken?locale=de&fields=title
articles/wheat-paste?locale=de&fields=title,locale
articles/{article_loose}?fields=title
articles/{article_spine_de}?fields=title,locale
articles/a-page-of-blocks?formats=html,markdown,text,blocks
articles/a-page-of-blocks?include=jsonld,seo&exclude=body
articles/six-tools?formats=html,markdown,text,blocks
articles/six-tools?include=seo&fields=seo
articles/a-quiet-morning
articles/by-nobody-yet
articles/an-article-draft
articles/an-article-scheduled
articles/an-article-expiring?fields=title
articles/an-article-trashed
articles/an-article-unpublished
articles/an-article-renamed
articles/a-first-name
articles/a-first-name?fields=title&locale=en
articles/a-second-name?fields=title,slug,version
articles/{renamed}?fields=slug
articles/an-article-changed
articles/to-be-erased
articles/{erased_article}
articles/{draft}
articles/no-such-article
articles/no-such-article?locale=de
articles/{tag_repair}
faqs/which-glue
faqs/which-glue?locale=de&include=tags,articles,jsonld
faqs/{faq_dry}?formats=html,markdown,text,blocks
faqs/can-i-use-tape?fields=question
faqs/who-answers
authors/orla-wrenmoor
authors/orla-wrenmoor?include=social_links,articles,jsonld
authors/orla-wrenmoor?locale=de
authors/{author_tobias}
authors/mirei-asagiri
social-links/{social_link_linkedin}
social-links/{social_link_mastodon}?include=author
social-links/{tag_repair}
social-links/not-an-id
tags/repair
tags/repair?locale=de
tags/{tag_papier}
tags/unused
tags/in-the-trash
"""

SEARCHES = """\
search?q=glue
search?q=glue&type=faq
search?q=glue&type=article&type=author&limit=1
search?q=Leim&locale=de
search?q=leim&locale=en
search?q=orla
search?q=book&tag=repair
search?q=book&author=orla-wrenmoor
search?q=%22loose%20spine%22
search?q=spine%20-loose
search?q=spi*
search?q=zebra
search?q=%3Cb%3E%26
search?q=
search
search?q=a&type=nonsense
search?q=glue&limit=0
search?q=glue&cursor=nonsense
"""

FEEDS = """\
feeds/articles.rss
feeds/articles.atom
feeds/articles.json
feeds/articles.rss?locale=de
feeds/articles.atom?locale=de
feeds/articles.json?tag=repair
feeds/articles.json?author=orla-wrenmoor&locale=en
feeds/articles.rss?tag=no-such-tag
feeds/articles.rss?nonsense=1
feeds/articles.xml
sitemap.xml
sitemaps/pages.xml
sitemaps/{article_loose}.xml
sitemaps/nonsense.xml
sitemap.xml?a=1
llms.txt
robots.txt
.well-known/security.txt
api
api?nonsense=1
api/v1/openapi.json
livez
readyz
docs
docs/start.js
docs/no-such-file.js
docs/problems
docs/problems/
docs/problems/no-such-problem
"""

NODE = """\
api
api/v1/articles?limit=1&sort=title
api/v1/articles/a-first-name
api/v1/articles/no-such-article
api/v1/articles?nonsense=1
api/v1/site
api/v1/manage/whoami
api/v1/preview/articles
api/v1/openapi.json
feeds/articles.atom?tag=tools
sitemap.xml
robots.txt
.well-known/security.txt
readyz
docs/problems/not-found
"""

PROBLEMS = (
    *("malformed-request", "invalid-parameter", "unauthorized", "forbidden", "not-found", "method-not-allowed"),
    *(
        "not-acceptable",
        "conflict",
        "slug-taken",
        "idempotency-in-progress",
        "precondition-failed",
        "content-too-large",
    ),
    *("uri-too-long", "unsupported-media-type", "validation-error", "not-ready", "idempotency-key-reused"),
    *("precondition-required", "headers-too-large", "internal", "not-implemented", "temporarily-unavailable"),
)

ACCEPTS = (
    *("text/markdown", "application/ld+json", "application/json", "text/html", "*/*", "application/*;q=0.5", "text/*"),
    *("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/markdown;q=0.1, application/json;q=0.9"),
    "nonsense",
)


def deliver(corpus: Corpus) -> None:
    """What anyone can read, and pages followed to their end."""
    for path in _paths(corpus, LISTS + ENTRIES):
        corpus.get(f"/api/v1/{path}")
    for path in ("articles?limit=3&fields=title&sort=title", "faqs?limit=1&fields=question", "tags?limit=2"):
        following: str | None = f"http://127.0.0.1:8000/api/v1/{path}"
        while following:
            answer = corpus.get(following.removeprefix("http://127.0.0.1:8000")).get_json()
            following = answer["links"]["next"]


def search(corpus: Corpus) -> None:
    """The search, and what is wrong with one."""
    for path in _paths(corpus, SEARCHES):
        corpus.get(f"/api/v1/{path}")


def serve(corpus: Corpus) -> None:
    """Feeds, maps, documents and pages of the service itself."""
    for path in _paths(corpus, FEEDS):
        corpus.get(f"/{path}")
    for code in PROBLEMS:
        corpus.get(f"/docs/problems/{code}")
    for path in ("/", "/nowhere", "/api/", "/api/v1", "/api/v2/articles", "/api/v1/articles/", "/api/v1//articles"):
        corpus.get(path)


def serve_elsewhere(corpus: Corpus) -> None:
    """The same site at a node for delivery alone, under another address and other settings."""
    settings = replace(
        corpus.service.services.settings,
        spaces=("delivery",),
        public_url="https://cms.example",
        cache_memory=0,
        cache_tag_headers=("Cache-Tag",),
        security_contact=("mailto:security@example.com", "https://example.com/report"),
    )
    node = Service(create_app(settings))
    corpus.callers["node"] = node
    for path in NODE.splitlines():
        corpus.get(f"/{path}", "node")
        corpus.get(f"/{path}", "node", Host="cms.example", Accept_Encoding="gzip")
    node.close()


def negotiate(corpus: Corpus) -> None:
    """Methods, media types, codings and conditions on what can be read."""
    one = "/api/v1/articles/loose-spine"
    for accept in ACCEPTS:
        corpus.get(one, Accept=accept)
        corpus.get(f"{one}?fields=title", Accept=accept)
    for path in ("/api/v1/articles?limit=1", "/feeds/articles.rss", "/sitemap.xml", "/llms.txt", "/docs", "/livez"):
        corpus.get(path, Accept="application/xml")
        corpus.ask("HEAD", path)
        corpus.ask("OPTIONS", path)
        corpus.ask("POST", path, json={})
    for path in (one, "/api/v1/site", "/api/v1/tags", "/feeds/articles.atom", "/api/v1/openapi.json", "/robots.txt"):
        tag = corpus.get(path).headers["ETag"]
        for held in (tag, f'W/{tag}, "x"', "*", '"other"', "nonsense", f'"other", {tag}'):
            corpus.get(path, If_None_Match=held)
        for expected in (tag, "*", '"other"', f"W/{tag}"):
            corpus.get(path, If_Match=expected)
        corpus.ask("HEAD", path, headers={"If-None-Match": tag})
        corpus.get(path, If_Modified_Since="Tue, 01 Jun 2100 12:30:00 GMT")
    for coding in ("gzip", "br", "zstd", "gzip, deflate, br, zstd", "identity", "gzip;q=0", "*", "x-nothing"):
        corpus.get(one, Accept_Encoding=coding)
        corpus.get("/api/v1/articles/wheat-paste?fields=title", Accept_Encoding=coding)
    corpus.get(one, Origin="https://elsewhere.example")
    corpus.ask("OPTIONS", one, headers={"Origin": "https://a.example", "Access-Control-Request-Method": "GET"})
    corpus.get(one, "viewer")
    corpus.get(f"{one}?fields=title", X_Request_Id="mine-1")
    corpus.get(f"{one}?fields=title", X_Request_Id="not a plain word")
    corpus.get(f"{one}?fields=title", Range="bytes=0-9")
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "BREW", "get"):
        corpus.ask(method, one)
    corpus.ask("OPTIONS", "*")


def _paths(corpus: Corpus, lines: str) -> list[str]:
    return [line.format_map(corpus.ids) for line in lines.splitlines()]

"""The chapters about time: the feed of changes, its stream, and what is public when plans have come due."""

from tests.corpus.building import ANY, MANAGE
from tests.corpus.recorder import Corpus

DAY = 24


def follow(corpus: Corpus) -> None:
    """A copy that is kept in step, by polling and by the stream."""
    for query in ("limit=100", "type=tag&limit=100", "type=site", "limit=3"):
        corpus.get(f"/api/v1/changes?{query}")
    corpus.get("/api/v1/stream", Accept="text/event-stream")
    token = _present(corpus)
    paste = f"{MANAGE}/articles/{corpus.ids['article_paste']}"
    corpus.make("PATCH", f"{paste}?publish=true", json={"summary": "Flour and water."}, headers=ANY)
    corpus.make("DELETE", f"{MANAGE}/faqs/{corpus.ids['faq_tape']}/publication", headers=ANY)
    corpus.make("PATCH", f"{MANAGE}/site", "admin", json={"tagline": "By hand, still"}, headers=ANY)
    corpus.get(f"/api/v1/changes?since={token}")
    corpus.get(f"/api/v1/changes?since={token}&limit=1")
    corpus.get(f"/api/v1/changes?since={token}&type=tag")
    corpus.get(f"/api/v1/stream?since={token}")
    corpus.get("/api/v1/stream", Last_Event_ID=token)
    corpus.get("/api/v1/stream", Last_Event_ID="nonsense")
    corpus.ask("HEAD", "/api/v1/changes")
    corpus.get("/api/v1/site")
    corpus.get("/api/v1/articles/wheat-paste")
    corpus.get("/api/v1/faqs?fields=question")


def come_due(corpus: Corpus) -> None:
    """The same site a day on, and two: what was planned is public, without anything having been done."""
    token = _present(corpus)
    for days in (1, 2):
        with corpus.later(days * DAY):
            for path in (
                *(
                    "articles?limit=30&fields=title,version",
                    "articles/an-article-scheduled",
                    "articles/an-article-expiring",
                ),
                *("articles/an-article-changed", "articles?q=glue&fields=title", "search?q=glue&limit=3"),
                *("tags?sort=-article_count&fields=name,article_count", "authors?fields=name,article_count"),
                *("redirects", f"changes?since={token}", f"stream?since={token}"),
            ):
                corpus.get(f"/api/v1/{path}")
            for path in ("/feeds/articles.json", "/sitemaps/pages.xml", "/llms.txt"):
                corpus.get(path)
            for state in ("scheduled", "expiring", "changed"):
                corpus.get(f"{MANAGE}/articles/{corpus.ids[state]}/publication", "viewer")
                corpus.get(f"{MANAGE}/articles/{corpus.ids[state]}", "viewer")
            corpus.get(f"{MANAGE}/articles?status=published&limit=2&sort=title", "viewer")
            corpus.get(f"{MANAGE}/articles?status=unpublished&limit=2&sort=title", "viewer")


def _present(corpus: Corpus) -> str:
    """Where a reader stands who knows all that is live."""
    document = corpus.get("/api/v1/changes?limit=100").get_json()
    while document["page"]["more"]:
        document = corpus.get(f"/api/v1/changes?limit=100&since={document['page']['next']}").get_json()
    return str(document["page"]["next"])

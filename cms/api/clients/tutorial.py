"""The five-minute walk of the tutorial, as steps with an operation of the contract and tests of its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TITLE = "five-minute walk"


@dataclass(frozen=True)
class Step:
    """One request of the walk; ``claims`` are sentences, each with JavaScript expectations that test it."""

    name: str
    operation_id: str
    status: int
    description: str
    entry: str = ""
    """The id or slug in the path."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    remembers: Mapping[str, str] = field(default_factory=dict)
    """Variables for later steps, as expressions over the answer."""
    before: str = ""
    """A script that runs before the request."""
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _is(place: str, value: str) -> str:
    return f"expect(res.body{place}).to.equal({value})"


def _remembered(word: str) -> dict[str, str]:
    return {f"walk_{word}_id": "res.body.data.id"}


PUBLISHED = {"it is live at once": (_is(".data.status", '"published"'),)}
AT_ONCE = {"publish": "true"}
IF_MATCH = {"If-Match": "{{walk_etag}}"}
ETAG = {"walk_etag": "res.headers.etag"}
TOMORROW = 'bru.setVar("walk_tomorrow", new Date(Date.now() + 24 * 60 * 60 * 1000).toISOString());'


def _social_link(position: int, **where: str) -> Step:
    return Step(
        f"Create her {where['platform']} link",
        "createSocialLink",
        201,
        "Send a handle or any address of the profile; the service stores the canonical one.",
        query=AT_ONCE,
        body={"author": "maren-solvik", "position": position, **where},
        remembers=_remembered(where["platform"]),
        claims={**PUBLISHED, "the address is canonical": ("expect(res.body.data.url).to.match(/^https:../)",)},
    )


def _clearing(word: str, operation_id: str) -> Step:
    return Step(
        f"Erase the {word}",
        operation_id,
        204,
        "It is erased with its history, so that the walk can be repeated.",
        entry=f"{{{{walk_{word}_id}}}}",
        query={"purge": "true", "force": "true"},
        headers={"If-Match": "*"},
    )


STEPS = (
    Step(
        "Create an author",
        "createAuthor",
        201,
        "She has letters after her name and a one-line biography, and is live at once.",
        query=AT_ONCE,
        body={
            "name": "Maren Solvik",
            "slug": "maren-solvik",
            "credentials": "MSc, RVT",
            "job_title": "Voice therapist",
            "bio": "Helps tired voices carry to the back row, one *breath* at a time.",
            "avatar": {
                "url": "https://still-water.example/media/maren.jpg",
                "alt": "Maren Solvik at her desk",
                "width": 400,
                "height": 400,
            },
        },
        remembers=_remembered("author"),
        claims=PUBLISHED,
    ),
    _social_link(1, platform="linkedin", handle="maren-solvik-voice"),
    _social_link(2, platform="instagram", url="http://instagram.com/maren.solvik.voice/?igsh=abc"),
    _social_link(3, platform="youtube", handle="@MarenSolvikVoice"),
    Step(
        "Create a question",
        "createFAQ",
        201,
        "A question with its answer, in Markdown.",
        query=AT_ONCE,
        body={
            "slug": "how-often-should-i-practise",
            "question": "How often should I practise?",
            "answer": "Five minutes, **every day**. Longer once a week does less.",
        },
        remembers=_remembered("question"),
        claims=PUBLISHED,
    ),
    Step(
        "Create a tag",
        "createTag",
        201,
        "A tag has a name and a slug.",
        query=AT_ONCE,
        body={"slug": "breathing", "name": "Breathing"},
        remembers=_remembered("tag"),
        claims=PUBLISHED,
    ),
    Step(
        "Create an article",
        "createArticle",
        201,
        "It is a draft until you publish it. References are ids or slugs, in the order that you choose.",
        body={
            "title": "Three quiet minutes before you speak",
            "subtitle": "The lighthouse method, step by step",
            "slug": "three-quiet-minutes",
            "summary": "A short routine that steadies the voice before a talk.",
            "published_at": "2026-03-03T09:00:00+01:00",
            "body": "A talk begins before the first word.\n\n## The lighthouse method\n\n### Step 1: Stand\n\n"
            "Feet apart, knees loose.\n\n### Step 2: Let go\n\nBreathe **out** first.\n",
            "authors": ["maren-solvik"],
            "tags": ["breathing"],
            "faqs": ["how-often-should-i-practise"],
            "calls_to_action": [{"label": "Book a first session", "url": "/sessions", "style": "primary"}],
            "seo": {"title": "Calm your voice before a talk"},
        },
        remembers=_remembered("article") | ETAG,
        claims={"it is a draft": (_is(".data.status", '"draft"'),)},
    ),
    Step(
        "Nobody sees it yet",
        "getArticle",
        404,
        "Its address returns 404, as one that never existed.",
        entry="three-quiet-minutes",
    ),
    Step(
        "Publish it",
        "publishArticle",
        200,
        "`If-Match` takes the `ETag` of what you read. With `live_from` it goes live later, with `live_until` it ends "
        "by itself.",
        entry="{{walk_article_id}}",
        headers=IF_MATCH,
        body={},
        remembers=ETAG,
        claims=PUBLISHED,
    ),
    Step(
        "Fetch the page",
        "getArticle",
        200,
        "One request returns the whole page. It needs no key.",
        entry="three-quiet-minutes",
        query={"include": "authors.social_links,tags,faqs,related,adjacent,translations,seo"},
        claims={
            "the page is whole": (
                _is(".data.title", '"Three quiet minutes before you speak"'),
                "expect(res.body.data.body.html).to.contain('id=\"step-1-stand\"')",
                _is(".data.authors[0].social_links.length", "3"),
                _is(".data.faqs[0].question", '"How often should I practise?"'),
                _is(".data.tags[0].name", '"Breathing"'),
                "expect(res.body.data.seo.title).to.contain('Calm your voice before a talk')",
            )
        },
    ),
    Step(
        "Read the draft",
        "getManagedArticle",
        200,
        "The next change must send its `ETag` as `If-Match`.",
        entry="{{walk_article_id}}",
        remembers=ETAG | {"walk_stale_etag": "res.headers.etag"},
        claims={"the field is the header": ("expect(res.body.data.etag).to.equal(res.getHeader('etag'))",)},
    ),
    Step(
        "Change the title",
        "updateArticle",
        200,
        "Fields that you leave out stay; `null` clears a field. The change is a draft, and readers do not see it.",
        entry="{{walk_article_id}}",
        headers=IF_MATCH,
        body={"title": "Three quiet minutes before any talk", "note": "Wider title."},
        remembers=ETAG,
        claims={"the draft is ahead of what is live": (_is(".data.has_unpublished_changes", "true"),)},
    ),
    Step(
        "Nobody overwrites what they have not seen",
        "updateArticle",
        412,
        "This tag is out of date: nothing is written, and the answer has the present tag.",
        entry="{{walk_article_id}}",
        headers={"If-Match": "{{walk_stale_etag}}"},
        body={"title": "Three loud minutes"},
        claims={"the present tag comes with it": ("expect(res.getHeader('etag')).to.equal(bru.getVar('walk_etag'))",)},
    ),
    Step(
        "Plan the change for tomorrow",
        "publishArticle",
        200,
        "What is live stays live until then.",
        entry="{{walk_article_id}}",
        headers=IF_MATCH,
        body={"live_from": "{{walk_tomorrow}}"},
        before=TOMORROW,
        remembers=ETAG,
        claims={"one state is live and one is planned": (_is(".data.timeline.length", "2"),)},
    ),
    Step(
        "Today the title is the old one",
        "getArticle",
        200,
        "A plan changes nothing before its time.",
        entry="three-quiet-minutes",
        query={"fields": "title"},
        claims={"nothing has changed": (_is(".data.title", '"Three quiet minutes before you speak"'),)},
    ),
    Step(
        "Tomorrow it is the new one",
        "previewArticle",
        200,
        "The preview space shows any instant, past or planned.",
        entry="three-quiet-minutes",
        query={"at": "{{walk_tomorrow}}", "fields": "title"},
        claims={"the plan shows": (_is(".data.title", '"Three quiet minutes before any talk"'),)},
    ),
    Step(
        "Unpublish it",
        "unpublishArticle",
        200,
        "It ends now, or at an instant with `at`; plans after that are cancelled.",
        entry="{{walk_article_id}}",
        headers=IF_MATCH,
        claims={"it is no longer live": (_is(".data.status", '"unpublished"'),)},
    ),
    Step(
        "It is gone",
        "getArticle",
        404,
        "The draft and its history stay.",
        entry="three-quiet-minutes",
    ),
    _clearing("article", "deleteArticle"),
    _clearing("question", "deleteFAQ"),
    _clearing("tag", "deleteTag"),
    _clearing("linkedin", "deleteSocialLink"),
    _clearing("instagram", "deleteSocialLink"),
    _clearing("youtube", "deleteSocialLink"),
    _clearing("author", "deleteAuthor"),
)

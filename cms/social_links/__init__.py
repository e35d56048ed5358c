"""Social links: the profiles of an author, or of the site itself."""

from cms.content.types import ByFacet, ByOwner, ByReference, Content, ContentType, Reference
from cms.site import Site
from cms.social_links.model import SocialLink
from cms.social_links.platforms import PLATFORMS
from cms.social_links.profiles import profile


def _prepare(content: Content) -> Content:
    """Store the canonical profile, whichever of its forms was written."""
    canonical = profile(content["platform"], content["handle"], content["url"])
    return content | {"platform": canonical.platform, "handle": canonical.handle, "url": canonical.url}


def _present(data: Content, outline: Content, site: Site) -> Content:
    platform = PLATFORMS[data["platform"]]
    owner = {"type": "author" if data["author"] else "site", "id": data["live_author"]}
    return {
        "url": data["url"],
        "label": data["label"] or platform.label,
        "icon": dict(platform.icons),
        "rel": platform.rel,
        "owner": owner,
    }


SOCIAL_LINK = ContentType(
    name="social-link",
    plural="social-links",
    model=SocialLink,
    label=lambda content: f"{content['platform']} {content['handle'] or content['url']}",
    sorts={"position": "sort_number", "platform": "sort_text"},
    references=(Reference("author", "author", many=False, default=None),),
    filters=(
        ByReference("author", "author"),
        ByFacet("platform"),
        ByOwner("owner", "author", site_field="social_links"),
    ),
    includes=("author",),
    sort_text=lambda content: str(content["platform"]),
    sort_number="position",
    facet=lambda content: str(content["platform"]),
    has_slug=False,
    has_locales=False,
    prepare=_prepare,
    presented_references=("author",),
    same_as=lambda content: content["url"] if PLATFORMS[content["platform"]].same_as else None,
    supersedes={"platform": ("url",), "handle": ("url",), "url": ("handle",)},
    present=_present,
)

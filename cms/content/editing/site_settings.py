"""Reading and saving the site's settings. A save changes the published content, as publishing does."""

from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from cms.content.editing.write import Write
from cms.site import DEFAULTS, Site, SiteRow


def find_site(session: Session | Connection) -> Any:
    """The stored settings with the number and time of their last write."""
    return session.execute(select(SiteRow.data, SiteRow.changed, SiteRow.updated_at)).one()


def save_site(write: Write, data: dict[str, Any]) -> Any:
    """Save the settings and return them as stored; saving equal settings changes nothing."""
    stored = find_site(write.session).data
    if stored != data:
        write.session.execute(update(SiteRow).values(data=data, changed=write.number, updated_at=write.at))
        write.site = Site.of(data, write.site.public_url)
        write.advance_content()
        before, after = DEFAULTS | stored, DEFAULTS | data
        changed = [name for name in after if before.get(name) != after[name]]
        write.record(
            "saved",
            "site",
            before={name: before.get(name) for name in changed},
            after={name: after[name] for name in changed},
        )
    return find_site(write.session)

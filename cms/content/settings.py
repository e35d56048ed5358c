"""Reading and changing the site's settings: a change of what may be seen, like any other."""

from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from cms.content.version import Change
from cms.site import DEFAULTS, Site, SiteRow


def find_site(session: Session | Connection) -> Any:
    """The stored settings with their last change and its time."""
    return session.execute(select(SiteRow.data, SiteRow.changed, SiteRow.updated_at)).one()


def save_site(change: Change, data: dict[str, Any]) -> Any:
    """Store the settings; the same ones again change nothing."""
    stored = find_site(change.session).data
    if stored != data:
        change.session.execute(update(SiteRow).values(data=data, changed=change.number, updated_at=change.at))
        change.site = Site.of(data, change.site.public_url)
        change.moves_content()
        before, after = DEFAULTS | stored, DEFAULTS | data
        changed = [name for name in after if before.get(name) != after[name]]
        change.record(
            "saved",
            "site",
            before={name: before.get(name) for name in changed},
            after={name: after[name] for name in changed},
        )
    return find_site(change.session)

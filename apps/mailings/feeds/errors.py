"""Why a feed is not read, or nothing of it is sent."""

from __future__ import annotations

from apps.core.errors import Refused


class FeedUnreachable(Refused):
    """The feed's address could not be read."""

    code = "feed_unreachable"


class FeedInvalid(Refused):
    """What lies at the address is no feed, or none that can be read."""

    code = "feed_invalid"


class FeedNoItems(Refused):
    """Fewer new items wait than the mailing asks for."""

    code = "feed_no_items"


class FeedChanged(Refused):
    """Another run has taken items of the feed at the same moment; nothing was started."""

    code = "feed_changed"

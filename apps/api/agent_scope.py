"""What a token of an agent may do beside reading: prepare, and ask. Nothing of it sends a letter to
anybody but the token's own user, and what is not named here is refused.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from apps.api.problems import NotAllowed


class AgentAsks(NotAllowed):
    """A token of an agent prepares, and asks for a start; the rest is a person's."""

    code = "agent_asks"


_MAILING: Final = "api/mailings/<int:pk>/"
_MESSAGE: Final = "api/messages/<int:pk>/"
_RECIPIENT: Final = "api/recipients/<int:pk>/"

#: Method and route.
ALLOWED: Final = frozenset(
    {
        ("POST", "api/audience/preview/"),
        ("POST", "api/mailings/"),
        ("PUT", _MAILING),
        ("PATCH", _MAILING),
        ("POST", f"{_MAILING}preflight/"),
        ("POST", f"{_MAILING}start-request/"),
        ("DELETE", f"{_MAILING}start-request/"),
        ("POST", "api/messages/"),
        ("PUT", _MESSAGE),
        ("PATCH", _MESSAGE),
        ("POST", f"{_MESSAGE}test/"),
        ("POST", "api/recipients/"),
        ("POST", "api/recipients/bulk/"),
        ("PUT", _RECIPIENT),
        ("PATCH", _RECIPIENT),
        ("POST", "api/segments/"),
        ("POST", "api/tags/"),
    }
)


def check_agent(method: str, route: str) -> None:
    """Raise AgentAsks for what agents do not do."""
    if (method, route) not in ALLOWED:
        raise AgentAsks(_("A token of an agent prepares and asks; a person decides the rest."))

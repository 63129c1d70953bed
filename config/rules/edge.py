"""What ``.env`` says about proxies, keys and who may join, in the form that the settings need."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Final, Literal
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Who may have an account: confirmed addresses, those approved by a manager as well, nobody new.
SignUp = Literal["open", "approved", "closed"]
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SHORTEST_KEY: Final = 32
#: Messages of one user in a day where strangers may join: a stolen or a patient account ends here.
OPEN_USER_LIMIT: Final = 5_000


def networks_of(value: str) -> list[Network]:
    """Addresses and networks, separated by commas."""
    found = []
    for part in filter(None, map(str.strip, value.split(","))):
        try:
            network = ipaddress.ip_network(part)
        except ValueError as error:
            raise ValueError("is no list of IP addresses and networks") from error
        if network.prefixlen == 0:
            raise ValueError("must not trust everybody")
        found.append(network)
    return found


def keys_of(value: str) -> list[str]:
    """Earlier values of SECRET_KEY, separated by commas."""
    keys = [part.strip() for part in value.split(",") if part.strip()]
    if any(len(key) < _SHORTEST_KEY for key in keys):
        raise ValueError(f"each has at least {_SHORTEST_KEY} characters")
    return keys


def sign_up_of(value: SignUp | Literal[""], site_url: str) -> SignUp:
    """What is said, or else: open on one's own machine, approved where strangers come by."""
    if value:
        return value
    return "open" if _is_here(site_url) else "approved"


def user_limit_of(value: int | None, sign_up: SignUp, site_url: str) -> int:
    """What is said, or else: bounded where anybody may join from anywhere; 0 is without limit."""
    if value is not None:
        return value
    return OPEN_USER_LIMIT if sign_up == "open" and not _is_here(site_url) else 0


def _is_here(site_url: str) -> bool:
    return urlsplit(site_url).hostname in _HERE


READERS: Final[dict[str, Callable[[str], object]]] = {
    "trusted_proxies": networks_of,
    "secret_key_fallbacks": keys_of,
}

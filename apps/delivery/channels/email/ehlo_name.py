"""The name that an SMTP client gives itself in EHLO (RFC 5321, 2.3.5 and 4.1.1.1)."""

from __future__ import annotations

import re
import socket
from functools import cache
from ipaddress import ip_address
from typing import Final

_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?=.{{1,255}}\Z){_LABEL}(?:\.{_LABEL})*\Z")
#: Names that mean something on one machine or one local network only (RFC 2606, 6761, 6762, 8375).
_PRIVATE: Final = (
    "localhost",
    "localdomain",
    "local",
    "lan",
    "home",
    "internal",
    "arpa",
    "invalid",
)


def is_ehlo_name(text: str) -> bool:
    """Return True for a domain name in ASCII or an address literal in brackets."""
    if text.startswith("[") and text.endswith("]"):
        inner = text[1:-1]
        address = inner[5:] if inner[:5].lower() == "ipv6:" else inner
        try:
            return ip_address(address).version == (4 if address is inner else 6)
        except ValueError:
            return False
    return _DOMAIN.match(text) is not None


def ehlo_name(sock: socket.socket) -> str:
    """Return this machine's public name; without one, the literal of the connection's own address.

    A name without a dot, such as ``localhost``, is refused by hardened servers for every letter.
    """
    return machine_name() or address_literal(sock.getsockname()[0])


def address_literal(address: str) -> str:
    """Return an address as RFC 5321, 4.1.3 writes it: ``[192.0.2.1]``, ``[IPv6:2001:db8::1]``."""
    found = ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    if mapped is not None:
        found = mapped
    return f"[IPv6:{found}]" if found.version == 6 else f"[{found}]"


@cache
def machine_name() -> str:
    """Return the machine's fully qualified name if it can mean something elsewhere, or nothing."""
    name = socket.getfqdn().rstrip(".").lower()
    known = "." in name and is_ehlo_name(name) and name.rpartition(".")[2] not in _PRIVATE
    return "" if not known or name.rpartition(".")[2].isdigit() else name

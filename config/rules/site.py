"""The names of hosts in ``.env``: what each may hold, and the ASCII in which a host is written.

A host stands in links, in headers and in the names of certificates as A-labels (RFC 5890,
2.3.2.1; RFC 3987, 3.1). It is turned into them once, where ``.env`` is read.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import idna

_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ADDRESS: Final = re.compile(r"(?P<before>[^@]*[^@<\s])@(?P<domain>[^@<>\s]+)(?P<after>>?)")
_LITERAL: Final = re.compile(r"\[[A-Za-z0-9:.]+\]")


def ascii_host(name: str) -> str:
    """The host in lower case and A-labels (IDNA 2008). Raises ValueError for what is no host."""
    try:
        host = name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise ValueError("is no name of a host") from None
    host = host.lower().rstrip(".")
    labels = host.split(".")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)) or not _is_named(labels):
        raise ValueError("is no name of a host")
    return host


def _is_named(labels: list[str]) -> bool:
    """True for a name or a whole IPv4 address. Half an address is a slip."""
    if any(label.startswith("xn--") and not _is_readable(label) for label in labels):
        return False
    return not _NUMBER.fullmatch(labels[-1]) or _is_address(".".join(labels))


def _is_readable(label: str) -> bool:
    try:
        idna.ulabel(label)
    except idna.IDNAError:
        return False
    return True


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def site_url(value: str) -> str:
    """Scheme, host and port, without a slash at the end. Raises ValueError.

    A path is refused: pages, forms and links begin at the root of their host.
    """
    if not value.lower().startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    if not value.isprintable() or " " in value or "\\" in value:
        raise ValueError("is no web address")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("is no web address") from None
    if parts.path.strip("/") or parts.query or parts.fragment or "?" in value or "#" in value:
        raise ValueError("has no path: give the site a host of its own")
    if "@" in parts.netloc:
        raise ValueError("has no user and no password")
    name = parts.hostname or ""
    host = f"[{name}]" if ":" in name and _is_address(name) else ascii_host(name)
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def allowed_hosts(value: str) -> list[str]:
    """The hosts, separated by commas, as requests name them. Raises ValueError."""
    found = [host.strip() for host in value.split(",") if host.strip()]
    return [host if host.isascii() else _dotted(host) for host in found]


def _dotted(host: str) -> str:
    """``.example.org`` is a host with all its subdomains."""
    return host[: -len(host.lstrip("."))] + ascii_host(host.lstrip("."))


def ascii_address(value: str) -> str:
    """An email address (``Name <address>`` as well) with its domain in A-labels.

    Raises ValueError when there is no domain in it.
    """
    found = _ADDRESS.fullmatch(value)
    if found is None:
        raise ValueError("is not an email address")
    domain = found["domain"]
    if not _LITERAL.fullmatch(domain):
        try:
            domain = ascii_host(domain)
        except ValueError:
            raise ValueError("is not an email address: its domain is none") from None
    return f"{found['before']}@{domain}{found['after']}"

"""SpamAssassin and Rspamd, asked in their own protocols.

spamd: the SPAMC protocol 1.5 over TCP (``spamd://host:783``). Rspamd: ``POST /checkv2`` over HTTP
(``rspamd://host:11333``). The address is the installation's, and may lie inside the house.
"""

from __future__ import annotations

import json
import re
import socket
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from apps.core.errors import Refused
from apps.core.http.outbound import Site

_PORTS: Final = {"spamd": 783, "rspamd": 11_333}
_MOST: Final = 200_000
_SPAM: Final = re.compile(rb"^Spam:\s*\w+\s*;\s*(-?[\d.]+)\s*/\s*(-?[\d.]+)", re.M | re.I)


class FilterAway(Exception):
    """It does not answer, not in time, or not in its protocol."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``limit``: from here on the filter itself calls it spam."""

    score: float
    limit: float
    rules: tuple[str, ...] = ()


def ask_filter(address: str, mail: bytes, seconds: float) -> Verdict:
    """What the filter says, in so many seconds for the whole. Raises FilterAway."""
    parts = urlsplit(address)
    host, port = parts.hostname or "127.0.0.1", parts.port or _PORTS[parts.scheme]
    ask = _ask_spamd if parts.scheme == "spamd" else _ask_rspamd
    try:
        return ask(host, port, mail, seconds)
    except (OSError, ValueError, LookupError, TypeError, Refused) as error:
        raise FilterAway(str(error)) from error


def _ask_spamd(host: str, port: int, mail: bytes, seconds: float) -> Verdict:
    until = time.monotonic() + seconds
    head = f"SYMBOLS SPAMC/1.5\r\nContent-length: {len(mail)}\r\n\r\n".encode("ascii")
    answer = b""
    with socket.create_connection((host, port), seconds) as stream:
        stream.sendall(head + mail)
        stream.shutdown(socket.SHUT_WR)
        while len(answer) < _MOST:
            stream.settimeout(max(0.01, until - time.monotonic()))
            if not (part := stream.recv(65_536)):
                break
            answer += part
    first, _, rest = answer.partition(b"\r\n")
    head_of, _, body = rest.partition(b"\r\n\r\n")
    found = _SPAM.search(head_of)
    if not re.match(rb"SPAMD/[\d.]+ 0 ", first) or found is None:
        raise ValueError("not an answer of spamd")
    names = re.split(r"[,\s]+", body.decode("ascii", "replace").strip())
    return Verdict(float(found[1]), float(found[2]), tuple(name for name in names if name))


def _ask_rspamd(host: str, port: int, mail: bytes, seconds: float) -> Verdict:
    named = f"[{host}]" if ":" in host else host
    url = f"http://{named}:{port}/checkv2"
    with Site(seconds, local=True) as site:
        said = json.loads(site.post(url, mail, max_bytes=_MOST))
    symbols = said.get("symbols", {})
    return Verdict(float(said["score"]), float(said["required_score"]), tuple(sorted(symbols)))

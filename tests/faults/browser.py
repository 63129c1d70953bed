"""Somebody at the site of an installation: signed in, pressing buttons. No page is looked at."""

from __future__ import annotations

import re
import socket
import time
from http.cookiejar import CookieJar
from typing import Final
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

#: The owner that tests/faults/seed.py makes.
OWNER: Final = "owner@example.org"
PASSWORD: Final = "correct horse battery staple"


def free_port() -> int:
    """A port of this host that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class SignedIn:
    """The seeded owner's browser: cookies, and the token that every form carries."""

    def __init__(self, site: str, *, seconds: float) -> None:
        """Sign in as soon as the site answers, which it must within ``seconds``."""
        self._site = site
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))
        self._wait(seconds)
        self.press("/accounts/login/", login=OWNER, password=PASSWORD)

    def press(self, path: str, **fields: str) -> int:
        """Post the fields with the token of a page that has a form. The status at the end."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self._get("/queue/"))
        assert token is not None
        body = urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        with self._opener.open(self._site + path, data=body, timeout=30) as answer:
            status: int = answer.status
            return status

    def _get(self, path: str) -> str:
        with self._opener.open(self._site + path, timeout=30) as answer:
            text: str = answer.read().decode("utf-8")
            return text

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            try:
                self._get("/healthz")
                return
            except URLError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

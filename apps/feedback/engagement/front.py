"""The answer to measured links and pixels, before Django and without a database.

``/l/<token>/<number>`` leads on, ``/o/<token>.gif`` is a picture of one point. A reaction is in the
spool before its answer leaves; where it cannot be written down, the answer leaves all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import structlog
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext as _

from apps.core.http.proxies import visitor_of
from apps.feedback.engagement.destinations import Destinations
from apps.feedback.engagement.keeping import Keeper
from apps.feedback.engagement.reaction import HEADERS, NO_LINK, TRAP, Kind, Reaction
from apps.feedback.engagement.spool import Spool
from apps.mailings.links import LetterRef, letter_of

log = structlog.get_logger(__name__)

Answer = Iterable[bytes]
Application = Callable[[dict[str, Any], Any], Answer]

_GIF: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
_PRIVATE: Final = [("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")]
#: The answer to the trap; it has no length (RFC 9110, 8.6).
_NOTHING: Final = "204 No Content"
_METHODS: Final = ("GET", "HEAD")
#: What may stand in an address as it is; everything else of a destination is written in per cent.
_SAFE: Final = ":/?#[]@!$&'()*+,;=%~-._"
#: Seconds after which a reader may try again when the database is away.
_RETRY: Final = "5"
#: A number of a link is no longer.
_DIGITS: Final = 5

#: Its links are looked for as those of any other: the work does not say that it is none.
_NO_LETTER: Final = LetterRef(delivery_id=0, run_id=0, version=0)

_KEYS: Final = {name: "HTTP_" + name.upper().replace("-", "_") for name in HEADERS}


class EngagementFront:
    """Stands before another application and answers what begins with /l/ or /o/."""

    def __init__(self, application: Application, spool: Spool) -> None:
        self._application = application
        self._spool = spool
        self._keeper = Keeper(spool)
        self._destinations = Destinations()

    def __call__(self, environ: dict[str, Any], start: Any) -> Answer:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/l/"):
            return self._link(path[3:], environ, start)
        if path.startswith("/o/"):
            return self._pixel(path[3:], environ, start)
        return self._application(environ, start)

    def _link(self, path: str, environ: dict[str, Any], start: Any) -> Answer:
        token, _slash, digits = path.partition("/")
        letter, number = _letter(token), _number(digits)
        if environ["REQUEST_METHOD"] not in _METHODS:
            return _not_found(environ, start)
        if number == TRAP and letter.run_id:
            self._take(letter, "click", number, environ)
            return _answer(environ, start, _NOTHING, [], b"")
        try:
            found = self._destinations.find(letter.run_id, letter.version, number)
            address = found and found.for_delivery(letter.delivery_id)
        except DatabaseError as error:
            log.warning("link_without_database", error=str(error)[:300])
            headers = [("Retry-After", _RETRY), ("Content-Type", "text/plain")]
            return _answer(environ, start, "503 Service Unavailable", headers, b"")
        if not address:
            return _not_found(environ, start)
        self._take(letter, "click", number, environ)
        return _answer(environ, start, "302 Found", [("Location", quote(address, _SAFE))], b"")

    def _pixel(self, path: str, environ: dict[str, Any], start: Any) -> Answer:
        token, _dot, kind = path.partition(".")
        letter = _letter(token)
        known = letter.run_id and kind == "gif"
        if not known or environ["REQUEST_METHOD"] not in _METHODS:
            return _not_found(environ, start)
        self._take(letter, "open", NO_LINK, environ)
        return _answer(environ, start, "200 OK", [("Content-Type", "image/gif")], _GIF)

    def _take(self, letter: LetterRef, kind: Kind, number: int, environ: Mapping[str, Any]) -> None:
        self._keeper.start()
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "") or environ.get("HTTP_X_REAL_IP", "")
        refuses = environ.get("HTTP_DNT") == "1" or environ.get("HTTP_SEC_GPC") == "1"
        self._spool.append(
            Reaction(
                kind=kind,
                at=datetime.now(UTC),
                delivery_id=0 if refuses else letter.delivery_id,
                run_id=letter.run_id,
                version=letter.version,
                number=number,
                method=environ["REQUEST_METHOD"],
                user_agent=environ.get("HTTP_USER_AGENT", ""),
                headers={name: environ[key] for name, key in _KEYS.items() if key in environ},
                address=visitor_of(environ.get("REMOTE_ADDR", ""), forwarded),
            )
        )


def _letter(token: str) -> LetterRef:
    """The letter that this is the token of; one of no run where nobody here has made it."""
    return letter_of(token) or _NO_LETTER


def _number(digits: str) -> int:
    """The number of a link in an address, written as we write it; else one that no link has."""
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > _DIGITS:
        return NO_LINK
    number = int(digits)
    return number if str(number) == digits else NO_LINK


def _answer(
    environ: Mapping[str, Any], start: Any, status: str, headers: list[tuple[str, str]], body: bytes
) -> Answer:
    length = [] if status == _NOTHING else [("Content-Length", str(len(body)))]
    start(status, [*headers, *length, *_PRIVATE])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _not_found(environ: dict[str, Any], start: Any) -> Answer:
    """One page for whatever we have not made, or have forgotten."""
    language = translation.get_language_from_request(WSGIRequest(environ))
    with translation.override(language):
        title = _("This link leads nowhere")
        text = _("It is incomplete, or what it led to is not kept any more.")
    page = format_html(
        '<!doctype html><html lang="{}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>{}</title>'
        "<h1>{}</h1><p>{}</p></html>",
        language,
        title,
        title,
        text,
    ).encode()
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Language", language),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "default-src 'none'"),
    ]
    return _answer(environ, start, "404 Not Found", headers, page)

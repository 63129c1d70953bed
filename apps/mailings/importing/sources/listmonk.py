"""The subscribers of a listmonk, with their lists and the status that each has there.

Its file names neither lists nor statuses; its API does (listmonk.app/docs/apis): ``GET /api/lists``
says which of them ask for a confirmation, ``GET /api/subscribers`` who is on which.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from apps.core.http.outbound import Site
from apps.mailings.fields import Target
from apps.mailings.importing.sources.contract import Bounds, RowSource, SourceRefused, Table
from apps.mailings.importing.sources.declaration import Declaration
from apps.mailings.importing.sources.http import asked

#: People in one answer. A server that gives fewer at a time is asked more often.
PAGE: Final = 1000
_LARGEST_ANSWER: Final = 64 * 1024 * 1024

#: The columns, and what each is to an import.
_COLUMNS: Final = {
    "email": Target.EMAIL,
    "name": Target.FULL_NAME,
    "attribs": Target.ATTRIBUTES_JSON,
    "status": Target.STATUS,
    "created_at": Target.SINCE,
    "lists": Target.LISTS,
    "unconfirmed_lists": Target.UNCONFIRMED_LISTS,
    "unsubscribed_lists": Target.UNSUBSCRIBED_LISTS,
}
_BLOCKLISTED: Final = "blocklisted"


class ListmonkSource(RowSource):
    """All subscribers that the API user may see."""

    mapping = {name: target.value for name, target in _COLUMNS.items()}

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration

    @contextmanager
    def open(self, bounds: Bounds) -> Iterator[Table]:
        with asked(self._declaration, bounds) as site:
            api = _Api(site, self._declaration.url.rstrip("/"))
            single = {row["id"] for row in api.all("lists") if row.get("optin") == "single"}
            yield Table(list(_COLUMNS), (_row(one, single) for one in api.all("subscribers")))


class _Api:
    def __init__(self, site: Site, url: str) -> None:
        self._site, self._url = site, url

    def all(self, what: str) -> Iterator[Mapping[str, Any]]:
        """Every row, the oldest first, so that those who come meanwhile come last.

        Pages shift when somebody is deleted meanwhile. Then somebody may have been passed over, and
        would count as missing: it is refused instead.
        """
        newest = self._page(what, 1, size=1, order="desc")
        last = max((row["id"] for row in newest["results"]), default=0)
        seen: set[int] = set()
        for page in range(1, 1 << 30):
            data = self._page(what, page)
            fresh = [row for row in data["results"] if row["id"] not in seen]
            seen.update(row["id"] for row in fresh)
            yield from fresh
            if not fresh or len(seen) >= data["total"]:
                break
        if sum(number <= last for number in seen) != newest["total"]:
            text = _("Somebody was deleted there while it was being read. Try again.")
            raise SourceRefused(text)

    def _page(
        self, what: str, page: int, *, size: int = PAGE, order: str = "asc"
    ) -> dict[str, Any]:
        query = urlencode({"page": page, "per_page": size, "order": order})
        answer = self._site.read(f"{self._url}/api/{what}?{query}", max_bytes=_LARGEST_ANSWER)
        try:
            data = json.loads(answer)["data"]
            if all(isinstance(row["id"], int) for row in data["results"]) and data["total"] >= 0:
                return dict(data)
        except (ValueError, KeyError, TypeError):
            pass
        raise SourceRefused(_("This is no listmonk: its answer cannot be read."))


def _row(person: Mapping[str, Any], single: set[int]) -> list[str]:
    """One subscriber. Where a list asks for no confirmation, listmonk calls members unconfirmed."""
    lists: dict[str, list[str]] = {"confirmed": [], "unconfirmed": [], "unsubscribed": []}
    blocked = person.get("status") == _BLOCKLISTED
    for one in () if blocked else person.get("lists") or ():
        status = str(one.get("subscription_status"))
        if status == "unconfirmed" and (one["id"] in single or one.get("optin") == "single"):
            status = "confirmed"
        lists.setdefault(status, []).append(str(one.get("name")))
    attributes = person.get("attribs") or {}
    return [
        str(person.get("email") or ""),
        str(person.get("name") or ""),
        json.dumps(attributes, ensure_ascii=False) if attributes else "",
        str(person.get("status") or ""),
        str(person.get("created_at") or ""),
        *(
            json.dumps(lists[name], ensure_ascii=False) if lists[name] else ""
            for name in ("confirmed", "unconfirmed", "unsubscribed")
        ),
    ]

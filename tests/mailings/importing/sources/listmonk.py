"""A listmonk as its API is documented (listmonk.app/docs/apis): lists and subscribers, by pages."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.http_service import HttpService, Request, Step, written

USER, TOKEN = "vestnik", "lm-token-hunter2"
MOMENT = "2024-02-10T23:07:16.199433+01:00"
#: What listmonk gives at a time, whatever is asked for.
MOST = 2

LISTS = [
    {"id": 1, "name": "News", "type": "public", "optin": "double", "tags": []},
    {"id": 2, "name": "Offers, weekly", "type": "private", "optin": "single", "tags": []},
]


def subscriber(number: int, status: str = "enabled", **on: str) -> dict[str, Any]:
    """A subscriber, and on which lists with which status, by the first word of their names."""
    return {
        "id": number,
        "uuid": f"00000000-0000-0000-0000-{number:012}",
        "email": f"p{number}@example.org",
        "name": f"Person {number}",
        "status": status,
        "attribs": {"city": "Омск"} if number == 1 else {},
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "lists": [
            {**one, "subscription_status": on[word], "subscription_created_at": MOMENT}
            for one in LISTS
            if (word := str(one["name"]).split(",")[0].lower()) in on
        ],
    }


PEOPLE = [
    subscriber(1, news="confirmed", offers="unconfirmed"),
    subscriber(2, news="unconfirmed"),
    subscriber(3, news="unsubscribed", offers="confirmed"),
    subscriber(4, "blocklisted", news="unsubscribed"),
    subscriber(5),
]


class Listmonk(HttpService):
    """Answers as listmonk does, the newest first unless it is asked for another order."""

    def __init__(self, people: Sequence[dict[str, Any]] = PEOPLE) -> None:
        super().__init__(self._reply)
        self.people = list(people)

    def _reply(self, request: Request) -> Iterable[Step]:
        login = b64encode(f"{USER}:{TOKEN}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {login}":
            return [written(b'{"message": "invalid session"}', 403)]
        url = urlsplit(request.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        rows = {"/api/lists": LISTS, "/api/subscribers": self.people}.get(url.path)
        if rows is None:
            return [written(b'{"message": "not found"}', 404)]
        return [written(json.dumps({"data": _page(rows, asked)}).encode())]


def _page(rows: Sequence[dict[str, Any]], asked: dict[str, str]) -> dict[str, Any]:
    ordered = sorted(rows, key=lambda row: row["id"], reverse=asked.get("order") != "asc")
    size, page = min(int(asked.get("per_page", 20)), MOST), int(asked.get("page", 1))
    shown = ordered[(page - 1) * size : page * size]
    return {"results": shown, "total": len(rows), "per_page": size, "page": page}

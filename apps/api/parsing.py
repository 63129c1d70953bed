"""How a body is read: JSON, and at the one endpoint where clients are used to it, a form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest
from ninja.parser import Parser

FORM: Final = "application/x-www-form-urlencoded"
#: The form of OAuth 2.0 for a password (RFC 6749, 4.3.2); what else it may hold is passed over.
PASSWORD_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["username", "password"],
    "properties": {
        "username": {"type": "string", "maxLength": 254, "examples": ["anna@example.org"]},
        "password": {
            "type": "string",
            "maxLength": 1024,
            "format": "password",
            "examples": ["correct horse battery staple"],
        },
    },
}
TOKEN: Final = "/auth/token"


class StrictParser(Parser):
    """JSON whose texts are texts: half a surrogate pair is none, and no database keeps it.

    Where tokens are made, the form of a password as well.
    """

    def parse_body(self, request: HttpRequest) -> Any:
        if request.path == TOKEN and request.content_type in (FORM, "multipart/form-data"):
            return _password(request.POST)
        body = super().parse_body(request)
        if b"\\u" in request.body:
            # Raises UnicodeEncodeError, a ValueError: then the body cannot be read.
            json.dumps(body, ensure_ascii=False).encode()
        return body


def _password(form: Mapping[str, Any]) -> dict[str, Any]:
    given = {"email": form.get("username", form.get("email")), "password": form.get("password")}
    return {name: value for name, value in given.items() if value is not None}

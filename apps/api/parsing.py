"""How a body is read: JSON, and at the one door where programs are used to it, a form."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from ninja.parser import Parser
from ninja.types import DictStrAny

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


class BodyParser(Parser):
    """JSON everywhere; the form of a password where tokens are made."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        if request.path != TOKEN or request.content_type not in (FORM, "multipart/form-data"):
            return super().parse_body(request)
        form = request.POST
        given = {"email": form.get("username", form.get("email")), "password": form.get("password")}
        return {name: value for name, value in given.items() if value is not None}

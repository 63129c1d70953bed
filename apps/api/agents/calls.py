"""A tool's call of the API: in this process, by the very routes, checks and limits of programs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import httpx
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.utils import timezone
from mcp.server.mcpserver.exceptions import ToolError

from apps.core.site import site_url
from apps.users.models import ApiToken
from apps.users.tokens import valid_token

#: What tokens the server takes: none that could start something.
SCOPES = (ApiToken.Scope.AGENT, ApiToken.Scope.READ)


def is_agents(secret: str) -> bool:
    """Whether this is a living token of an agent, or one that only reads."""
    try:
        token = valid_token(secret, now=timezone.now())
        return token is not None and token.scope in SCOPES
    finally:
        connections.close_all()


class Api:
    """The API with a token. ``secret`` is asked anew for every call."""

    def __init__(self, secret: Callable[[], str]) -> None:
        self._secret = secret
        self._http = httpx.Client(
            base_url=site_url(),
            transport=httpx.WSGITransport(app=get_wsgi_application()),
            timeout=None,
        )

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of the answer. Raises ToolError with the refusal's code and words."""
        given = {name: value for name, value in query.items() if value not in (None, "")}
        return self._call("GET", path, params=given)

    def post(self, path: str, body: Any = None, *, key: str = "") -> Any:
        """With the agent's key, or one of its own. Raises ToolError."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self._call("POST", path, json={} if body is None else body, headers=headers)

    def patch(self, path: str, body: Any) -> Any:
        """Raises ToolError."""
        return self._call("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        """Raises ToolError."""
        self._call("DELETE", path)

    def _call(self, method: str, path: str, **sent: Any) -> Any:
        headers = {**sent.pop("headers", {}), "Authorization": f"Bearer {self._secret()}"}
        try:
            response = self._http.request(method, path, headers=headers, **sent)
        finally:
            connections.close_all()  # a tool's thread may not come again
        body = response.json() if response.content else None
        if response.is_error:
            raise ToolError(_sentence(response.status_code, body))
        return body


def _sentence(status: int, problem: Any) -> str:
    fields = "; ".join(f"{one['field']}: {one['detail']}" for one in problem.get("errors", ()))
    return f"{status} {problem['code']}: {problem['detail']} {fields}".strip()

"""The MCP server: over stdio with a token of its own, over HTTP with the token of each request."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.conf import settings
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from apps.api.agents.calls import Api, is_agents
from apps.api.agents.preparing import add_preparing
from apps.api.agents.reading import add_reading

PATH: Final = "/mcp"
INSTRUCTIONS: Final = (
    "Vestnik sends mailings. You may read everything of your user, and prepare recipients, messages"
    " and mailings. You cannot start a mailing: ask_for_start lets a person decide on a page; give"
    " them its url. Letters are read by people: review_mailing and send_test_to_oneself first."
)

#: The token of the request that a tool is called by.
_secret: ContextVar[str] = ContextVar("agents_secret")

App = Callable[[Any, Any, Any], Any]


def make_server(secret: Callable[[], str] = _secret.get) -> MCPServer[Any]:
    """The server with all tools, whose calls are made with what ``secret`` gives."""
    server: MCPServer[Any] = MCPServer("vestnik", instructions=INSTRUCTIONS, log_level="WARNING")
    api = Api(secret)
    add_reading(server, api)
    add_preparing(server, api)
    return server


def http_app() -> App:
    """The ASGI application at ``/mcp``. No session is kept: every request has its token."""
    names = {*settings.ALLOWED_HOSTS, urlsplit(settings.SITE_URL).hostname or ""}
    hosts = [place for name in names for place in (name, f"{name}:*")]
    security = TransportSecuritySettings(
        allowed_hosts=hosts,
        allowed_origins=[f"{scheme}://{one}" for scheme in ("http", "https") for one in hosts],
    )
    app = make_server().streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        json_response=True,
        transport_security=security,
    )
    return WithToken(app)


class WithToken:
    """Lets nobody in without a living token of an agent, or one that only reads."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scheme, _blank, secret = _authorization(scope).partition(" ")
        fits = scheme.lower() == "bearer" and await sync_to_async(is_agents)(secret.strip())
        if not fits:
            await _refuse(send)
            return
        mark = _secret.set(secret.strip())
        try:
            await self._app(scope, receive, send)
        finally:
            _secret.reset(mark)


def _authorization(scope: Any) -> str:
    found = (value for name, value in scope["headers"] if name.lower() == b"authorization")
    return bytes(next(found, b"")).decode("latin-1")


async def _refuse(send: Any) -> None:
    sentence = "Send a token with the access of agents: Authorization: Bearer …"
    body = json.dumps({"code": "unauthorized", "detail": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": body})

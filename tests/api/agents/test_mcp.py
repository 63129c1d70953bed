"""The MCP server, driven by the SDK's own client from a written newsletter to a waiting start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from apps.api.agents import server as agents
from apps.api.management.commands import mcp as command
from apps.mailings.models import Attempt, Delivery, Mailing, Run, StartRequest
from apps.users.models import ApiToken, User
from tests.api.conftest import voice_of
from tests.delivery.engine.conftest import Declare, declare
from tests.factories import UserFactory, confirmed
from tests.people import Cast

__all__ = ["declare"]
pytestmark = pytest.mark.django_db(transaction=True)

Talk = Callable[[Client], Awaitable[None]]


@pytest.fixture
def anna() -> User:
    return confirmed(UserFactory.create(email="anna@example.org"))


def secret_of(user: User, scope: str = ApiToken.Scope.AGENT) -> str:
    return voice_of(user, scope).secret


def talk(secret: str, said: Talk) -> None:
    """Let the SDK's client talk with a server that has this token."""

    async def main() -> None:
        async with Client(agents.make_server(lambda: secret)) as client:
            await said(client)

    anyio.run(main)


async def use(client: Client, tool: str, **arguments: Any) -> Any:
    """What a tool answers; an error of it fails the test."""
    found = await client.call_tool(tool, arguments)
    assert not found.is_error, found.content
    return found.structured_content


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    found = await client.call_tool(tool, arguments)
    assert found.is_error
    return str(found.content[0].text)  # type: ignore[union-attr]


async def newsletter(client: Client) -> dict[str, Any]:
    """Write a newsletter for two recipients, and prepare its mailing."""
    rows = [{"email": f"{name}@example.org", "tags": ["news"]} for name in ("bob", "eve")]
    done = await use(client, "add_recipients", items=rows, idempotency_key="people")
    assert done["created"] == 2
    blocks = await use(client, "blank_blocks")
    every = [one for part in blocks["body"] for one in part["columns"][0]["blocks"]]
    every[-1].update({"company": "The shop", "address": "Moscow"})
    for block in every[:2]:
        block.update({"text": "Spring"} if block["type"] == "heading" else {"html": "<p>Hello</p>"})
    message = await use(
        client, "write_message", content={"subject": "Spring news", "document": blocks}
    )
    changed = await use(
        client, "change_message", message_id=message["id"], changes={"preheader": "All that is new"}
    )
    assert (changed["form"], changed["revision"]) == ("blocks", 2)
    draft = {
        "name": "Spring",
        "message_id": message["id"],
        "tags": ["news"],
        "scheduled": True,
        "ends_at": "2035-01-31T18:00:00+03:00",
    }
    made = await use(client, "prepare_mailing", mailing=draft, idempotency_key="spring")
    again = await use(client, "prepare_mailing", mailing=draft, idempotency_key="spring")
    assert made["id"] == again["id"] and made["scheduled"] is False
    return dict(made)


def test_from_a_newsletter_to_a_start_that_waits_for_a_person(
    anna: User, declare: Declare, client: Browser
) -> None:
    declare()
    seen: dict[str, Any] = {}

    async def said(client: Client) -> None:
        mailing = seen["mailing"] = await newsletter(client)
        pk = mailing["id"]
        assert (await use(client, "count_audience", audience={"tags": ["news"]}))["reached"] == 2
        review = await use(client, "review_mailing", mailing_id=pk)
        assert (review["refused"], review["recipients"]) == ("", 2)
        await use(client, "run_preflight", mailing_id=pk)
        assert (await use(client, "get_preflight", mailing_id=pk))["state"] != "none"
        test = await use(client, "send_test_to_oneself", message_id=mailing["message_id"])
        assert (test["sent"], test["address"]) == (True, "anna@example.org")
        asked = await use(client, "ask_for_start", mailing_id=pk, note="As every spring")
        assert asked["state"] == "waiting"
        assert asked["url"].endswith(f"/mailings/{pk}/review/")
        change = {"mailing_id": pk, "changes": {"name": "Other"}}
        assert "start_asked" in await refused(client, "change_mailing", **change)
        edit = {"message_id": mailing["message_id"], "changes": {"subject": "Other"}}
        assert "start_asked" in await refused(client, "change_message", **edit)
        await use(client, "withdraw_start_request", mailing_id=pk)
        assert (await use(client, "change_mailing", **change))["name"] == "Other"
        await use(client, "ask_for_start", mailing_id=pk)

    talk(secret_of(anna), said)
    assert not Run.objects.exists() and not Delivery.objects.exists()
    pk = seen["mailing"]["id"]
    client.force_login(anna)
    assert "An agent asks for the start" in client.get(f"/mailings/{pk}/review/").content.decode()
    client.post(f"/mailings/{pk}/send/")
    run = Run.objects.get(mailing=pk)
    assert (run.trigger, StartRequest.objects.get().state) == ("manual", "accepted")


def test_everything_is_read(cast: Cast) -> None:
    owner, run = cast.owner, cast.run
    recipient = cast.delivery.recipient_id

    async def said(client: Client) -> None:
        listed = await use(client, "list_mailings")
        assert [one["id"] for one in listed["items"]] == [cast.mailing.pk]
        assert (await use(client, "get_mailing", mailing_id=cast.mailing.pk))["standing"]
        assert (await use(client, "list_runs", mailing_id=cast.mailing.pk))["count"] == 1
        equation = await use(client, "get_run", run_id=run.pk)
        assert {"counts", "audience", "reason"} <= set(equation)
        assert (await use(client, "list_deliveries", run_id=run.pk))["items"]
        assert await use(client, "why_in_run", run_id=run.pk, address=cast.delivery.address)
        assert (await use(client, "get_report"))["mailings"] == 1
        assert (await use(client, "find_recipients"))["count"] >= 1
        await use(client, "recipient_timeline", recipient_id=recipient)
        messages = await use(client, "list_messages")
        assert await use(client, "get_message", message_id=messages["items"][0]["id"])
        assert set(await use(client, "list_audience_choices")) == {
            "tags",
            "lists",
            "segments",
            "senders",
        }
        missing = await refused(client, "get_start_request", mailing_id=cast.mailing.pk)
        assert "404 not_found" in missing
        assert "token_reads_only" in await refused(client, "write_message", content={})

    talk(secret_of(owner, ApiToken.Scope.READ), said)


def test_no_tool_starts_anything(anna: User) -> None:
    async def said(client: Client) -> None:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert "ask_for_start" in names
        starting = ("start", "resume", "send", "retry")
        begun = {name for name in names if name.startswith(starting)}
        assert begun == {"send_test_to_oneself"}
        reason = await refused(client, "prepare_mailing", mailing={"name": "x"})
        assert "422 invalid" in reason and "ends_at" in reason

    talk(secret_of(anna), said)


def over_http(headers: dict[str, str], said: Callable[[Any], Awaitable[None]]) -> None:
    """Talk with the HTTP application, without a socket."""

    async def main() -> None:
        app: Any = agents.http_app()
        inner: Any = app._app
        async with inner.router.lifespan_context(inner):
            async with httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=app),
                base_url="http://127.0.0.1:8010",
                headers=headers,
            ) as http:
                await said(http)

    anyio.run(main)


def test_over_http_every_request_has_the_token(cast: Cast) -> None:
    async def said(http: Any) -> None:
        address = "http://127.0.0.1:8010/mcp"
        async with Client(streamable_http_client(address, http_client=http)) as client:
            assert (await use(client, "list_mailings"))["count"] == 1

    over_http({"Authorization": f"Bearer {secret_of(cast.owner)}"}, said)


@pytest.mark.parametrize("scheme", ["Bearer", "Basic", ""])
def test_over_http_nobody_else_is_let_in(anna: User, scheme: str) -> None:
    secret = secret_of(anna, ApiToken.Scope.WRITE if scheme == "Bearer" else ApiToken.Scope.AGENT)

    async def said(http: Any) -> None:
        answer = await http.post("/mcp", json={})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    over_http({"Authorization": f"{scheme} {secret}"} if scheme else {}, said)


def test_the_command_wants_a_token_that_starts_nothing(
    anna: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("mcp", token_file=file)
    file.write_text(secret_of(anna, ApiToken.Scope.WRITE), encoding="utf-8")
    with pytest.raises(CommandError, match="make one for an agent"):
        call_command("mcp", token_file=file)
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    with pytest.raises(CommandError, match="--extras mcp"):
        call_command("mcp", http=True)


def test_the_command_serves_both_ways(
    anna: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text(secret_of(anna) + "\n", encoding="utf-8")
    served: list[Any] = []
    monkeypatch.setattr("mcp.server.MCPServer.run", lambda self, how: served.append(how))
    monkeypatch.setattr("uvicorn.run", lambda app, **where: served.append(where))
    call_command("mcp", token_file=file)
    call_command("mcp", http=True, port=8011)
    assert served == ["stdio", {"host": "127.0.0.1", "port": 8011}]
    assert not Attempt.objects.exists() and not Mailing.objects.exists()

"""Tools that prepare, and the one that asks. None of them starts anything."""

from __future__ import annotations

from typing import Any

from mcp.server import MCPServer
from mcp_types import ToolAnnotations

from apps.api.agents.calls import Api
from apps.core.content.blocks.editing.places import blank_document

CHANGES = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def add_preparing(server: MCPServer[Any], api: Api) -> None:
    """Put the tools into the server."""
    _people(server, api)
    _messages(server, api)
    _mailings(server, api)
    _asking(server, api)


def _people(server: MCPServer[Any], api: Api) -> None:
    @server.tool(annotations=CHANGES)
    def add_recipients(items: list[dict[str, Any]], idempotency_key: str = "") -> dict[str, Any]:
        """Add or change up to 10 000 recipients: `email`, `full_name`, `phone`, `tags`,
        `attributes`, `language`, `time_zone`. Each row is answered with what became of it.
        """
        return dict(api.post("/api/recipients/bulk/", {"items": items}, key=idempotency_key))

    @server.tool(annotations=CHANGES)
    def count_audience(audience: dict[str, Any]) -> dict[str, Any]:
        """How many an audience reaches, and who is left out. `audience`: `tags`, `lists`,
        `segments`, `everyone`, `exclude`; `lists` want the ids, tags their names.
        """
        return dict(api.post("/api/audience/preview/", audience))


def _messages(server: MCPServer[Any], api: Api) -> None:
    @server.tool(annotations=CHANGES)
    def blank_blocks() -> dict[str, Any]:
        """An empty document of blocks, with its version, to put sections into."""
        return dict(blank_document())

    @server.tool(annotations=CHANGES)
    def write_message(content: dict[str, Any], idempotency_key: str = "") -> dict[str, Any]:
        """A new message: `subject`, `preheader`, and `document` (blocks), or `text` and `html`.
        `{{ full_name }}` is filled in for each recipient.
        """
        return dict(api.post("/api/messages/", content, key=idempotency_key))

    @server.tool(annotations=CHANGES)
    def change_message(message_id: int, changes: dict[str, Any]) -> dict[str, Any]:
        """Change a message that only drafts use; what is left out stays. Give the `revision`
        that was read: a newer one is then a conflict.
        """
        return dict(api.patch(f"/api/messages/{message_id}/", changes))

    @server.tool(annotations=CHANGES)
    def send_test_to_oneself(
        message_id: int,
        recipient_id: int | None = None,
        language: str = "",
        idempotency_key: str = "",
    ) -> dict[str, Any]:
        """Send the message to the confirmed address of the token's user, and to nobody else."""
        body = {"recipient": recipient_id, "language": language}
        return dict(api.post(f"/api/messages/{message_id}/test/", body, key=idempotency_key))


def _mailings(server: MCPServer[Any], api: Api) -> None:
    @server.tool(annotations=CHANGES)
    def prepare_mailing(mailing: dict[str, Any], idempotency_key: str = "") -> dict[str, Any]:
        """A new mailing, always a draft: `name`, `message_id`, `ends_at` (with its offset), and
        an audience (`tags`, `lists`, `segments`, `recipient_ids`); `starts_at`, `sender_id`.
        """
        return dict(api.post("/api/mailings/", mailing, key=idempotency_key))

    @server.tool(annotations=CHANGES)
    def change_mailing(mailing_id: int, changes: dict[str, Any]) -> dict[str, Any]:
        """Change a draft that asks for no start; what is left out stays."""
        return dict(api.patch(f"/api/mailings/{mailing_id}/", changes))

    @server.tool(annotations=CHANGES)
    def run_preflight(mailing_id: int, idempotency_key: str = "") -> dict[str, Any]:
        """Check a mailing in the background; get_preflight has the answer within a minute."""
        return dict(api.post(f"/api/mailings/{mailing_id}/preflight/", key=idempotency_key))


def _asking(server: MCPServer[Any], api: Api) -> None:
    @server.tool(annotations=CHANGES)
    def ask_for_start(mailing_id: int, note: str = "", idempotency_key: str = "") -> dict[str, Any]:
        """Ask the mailing's owner to start it. Nothing is sent: a person looks at the page `url`
        and starts, schedules or declines it. Until then mailing and message stay as they are.
        """
        path = f"/api/mailings/{mailing_id}/start-request/"
        return dict(api.post(path, {"note": note}, key=idempotency_key))

    @server.tool(annotations=CHANGES)
    def withdraw_start_request(mailing_id: int) -> str:
        """Take the request back, to change the mailing or its message."""
        api.delete(f"/api/mailings/{mailing_id}/start-request/")
        return "withdrawn"

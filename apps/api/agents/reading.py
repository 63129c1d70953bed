"""Tools that read."""

from __future__ import annotations

from typing import Any, Literal

from mcp.server import MCPServer
from mcp_types import ToolAnnotations

from apps.api.agents.calls import Api

READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)


def add_reading(server: MCPServer[Any], api: Api) -> None:
    """Put the tools into the server."""
    _mailings(server, api)
    _results(server, api)
    _content(server, api)


def _mailings(server: MCPServer[Any], api: Api) -> None:
    @server.tool(annotations=READS)
    def list_mailings(
        search: str = "",
        status: Literal["", "created", "running", "completed"] = "",
        cursor: str = "",
    ) -> dict[str, Any]:
        """Mailings, the newest first, with their runs, what happens next, and why one waits."""
        return dict(
            api.get("/api/mailings/", search=search, status=status, cursor=cursor, limit=20)
        )

    @server.tool(annotations=READS)
    def get_mailing(mailing_id: int) -> dict[str, Any]:
        """One mailing: audience, times, current run, `standing`, `reason` and `next_step`."""
        return dict(api.get(f"/api/mailings/{mailing_id}/"))

    @server.tool(annotations=READS)
    def review_mailing(mailing_id: int) -> dict[str, Any]:
        """A dry run: to how many it would go, from whom, what forbids it, what is odd."""
        return dict(api.get(f"/api/mailings/{mailing_id}/review/"))

    @server.tool(annotations=READS)
    def get_preflight(mailing_id: int) -> dict[str, Any]:
        """The checks of the last preflight, with what to do about each finding."""
        return dict(api.get(f"/api/mailings/{mailing_id}/preflight/"))

    @server.tool(annotations=READS)
    def get_start_request(mailing_id: int) -> dict[str, Any]:
        """Whether a person has answered the request for a start: waiting, accepted, declined."""
        return dict(api.get(f"/api/mailings/{mailing_id}/start-request/"))


def _results(server: MCPServer[Any], api: Api) -> None:
    @server.tool(annotations=READS)
    def list_runs(mailing_id: int) -> dict[str, Any]:
        """The runs of a mailing, the newest first."""
        return dict(api.get(f"/api/mailings/{mailing_id}/runs/", limit=20))

    @server.tool(annotations=READS)
    def get_run(run_id: int) -> dict[str, Any]:
        """A run with its equation: the `counts` add up to `audience`. `reason`: why it waits."""
        return dict(api.get(f"/api/runs/{run_id}/"))

    @server.tool(annotations=READS)
    def list_deliveries(run_id: int, state: str = "", cursor: str = "") -> dict[str, Any]:
        """What became of each recipient of a run, with the server's response."""
        return dict(
            api.get(f"/api/runs/{run_id}/deliveries/", state=state, cursor=cursor, limit=50)
        )

    @server.tool(annotations=READS)
    def why_in_run(run_id: int, address: str) -> dict[str, Any]:
        """Why somebody got a run, or did not."""
        return dict(api.get(f"/api/runs/{run_id}/why/", address=address))

    @server.tool(annotations=READS)
    def get_report(since: str = "", until: str = "") -> dict[str, Any]:
        """Sums over all mailings, of a time if moments such as 2030-01-31T18:00:00Z are given."""
        return dict(api.get("/api/stats/", since=since, until=until))


def _content(server: MCPServer[Any], api: Api) -> None:
    @server.tool(annotations=READS)
    def find_recipients(search: str = "", tag: str = "", cursor: str = "") -> dict[str, Any]:
        """Recipients by the beginning of an address or name, or by a tag."""
        return dict(api.get("/api/recipients/", search=search, tag=tag, cursor=cursor, limit=50))

    @server.tool(annotations=READS)
    def recipient_timeline(recipient_id: int, cursor: str = "") -> dict[str, Any]:
        """Everything that happened with one person, the newest first."""
        return dict(api.get(f"/api/recipients/{recipient_id}/timeline/", cursor=cursor))

    @server.tool(annotations=READS)
    def list_messages(search: str = "", cursor: str = "") -> dict[str, Any]:
        """Messages, the newest first."""
        return dict(api.get("/api/messages/", search=search, cursor=cursor, limit=10))

    @server.tool(annotations=READS)
    def get_message(message_id: int) -> dict[str, Any]:
        """A message with its content; `document` holds the blocks."""
        return dict(api.get(f"/api/messages/{message_id}/"))

    @server.tool(annotations=READS)
    def list_audience_choices(cursor: str = "") -> dict[str, Any]:
        """What an audience can be chosen by: tags, lists and segments; and the senders."""
        names = ("tags", "lists", "segments", "senders")
        return {name: api.get(f"/api/{name}/", limit=100, cursor=cursor)["items"] for name in names}

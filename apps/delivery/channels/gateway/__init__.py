"""Texts to phones through a send service."""

from __future__ import annotations

from apps.delivery.channels.kinds import ChannelKind

KIND = ChannelKind(
    package=__name__,
    name="gateway",
    serves=frozenset({"phone"}),
    required={"url": "https://gateway.example.org/v1", "token": ""},
    optional=("idempotent",),
    compile=".compile:compile_text",
    open=".channel:open_channel",
    check="..http.account:check_connection",
    over_http=True,
    path="/send/{id}",
    # The id of a text is its delivery's, the same over all tries.
    idempotent=True,
    # It answers slowly and one by one: several runs share the waiting.
    parallel_runs=4,
)

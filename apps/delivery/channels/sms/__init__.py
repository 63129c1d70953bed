"""Text messages by any provider with an HTTP API: what is called is a record of data."""

from __future__ import annotations

from apps.delivery.channels.kinds import ChannelKind

KIND = ChannelKind(
    package=__name__,
    name="sms",
    serves=frozenset({"phone"}),
    # Which of the others a provider needs, its record says.
    optional=(
        *("provider", "record", "url", "username", "password", "token", "sender"),
        *("transliterate", "price", "idempotent"),
    ),
    compile="..gateway.compile:compile_text",
    open=".channel:open_channel",
    check=".check:check",
    track=".tracking:tracker_of",
    over_http=True,
    calls_back=True,
    # It answers slowly and one by one: several runs share the waiting.
    parallel_runs=4,
)

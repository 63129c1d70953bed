"""Email through the service Sendsay."""

from __future__ import annotations

from apps.delivery.channels.kinds import ChannelKind

KIND = ChannelKind(
    package=__name__,
    name="sendsay",
    serves=frozenset({"email"}),
    required={"url": "https://api.sendsay.ru/general/api/v100/json/ACCOUNT"},
    optional=("token", "username", "password"),
    compile=".compile:compile_sendsay",
    open=".channel:open_channel",
    check=".api:check",
    track=".tracking:tracker_of",
    over_http=True,
)

"""Email through a mail server, spoken to by our own client."""

from __future__ import annotations

from apps.delivery.channels.kinds import ChannelKind

KIND = ChannelKind(
    package=__name__,
    name="smtp",
    serves=frozenset({"email"}),
    required={"host": ""},
    optional=(
        *("port", "security", "username", "password", "oauth_token_file", "oauth_token_command"),
        *("ehlo_name", "ca_file", "pipelining"),
    ),
    compile="..letters:compile_letter",
    open="..smtp_account:open_channel",
    check="..smtp_account:check",
    is_smtp=True,
)

"""Text messages over SMPP 3.4, straight to an operator's or an aggregator's message centre."""

from __future__ import annotations

from typing import Final

from apps.delivery.channels.kinds import ChannelKind

#: A C-octet string of the protocol.
_ASCII: Final = ("[ -~]{1,64}", "holds only Latin letters, digits and signs, 64 of them at most")

KIND = ChannelKind(
    package=__name__,
    name="smpp",
    serves=frozenset({"phone"}),
    required={"host": "smpp.example.org"},
    optional=(
        *("port", "security", "ca_file", "username", "password", "system_type"),
        *("sender", "transliterate", "long_text", "price"),
    ),
    patterns={
        "username": _ASCII,
        "password": _ASCII,
        "system_type": _ASCII,
        "sender": (
            r"\+?[0-9]{3,15}|[ -~]{1,11}",
            "is a name of up to 11 Latin letters, digits and signs, or a number (example: Example)",
        ),
    },
    # It has no STARTTLS. 2775 is the port that IANA knows.
    port=2775,
    securities=("tls", "none"),
    compile="..gateway.compile:compile_text",
    open=".channel:open_channel",
    check=".sessions:check",
    listen=".sessions:listen",
)

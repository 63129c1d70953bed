"""OpenSMTPD with its limits as installed: a hundred letters a connection."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from tests.servers.server import CannotStart, MailServer, Place, Variant

#: Where its letters lie, which no setting changes.
_QUEUE: Final = Path("/var/spool/smtpd/queue")
#: Fewer than its letters need, so that every connection comes to its limit again and again.
_FOUR: Final = {"MAX_CONNECTIONS": "4"}

_CONFIG = """
table unknown file:{dir}/unknown
action "relay" relay host "smtp://127.0.0.1:{sink}"
listen on 127.0.0.1 port {port} hostname mx.vestnik.test
match from any for any rcpt-to <unknown> reject
match from any for any action "relay"
"""


class OpenSmtpd(MailServer):
    """Relays to the sink."""

    name = "OpenSMTPD"
    hint = "apt-get install opensmtpd, and run as root"
    variants = (
        Variant("as installed", _FOUR, unknown=False, letters=2600, seconds=300),
        Variant("as installed, some unknown", _FOUR, seconds=300),
    )

    @classmethod
    def missing(cls, place: Place) -> str:
        if not place.program("smtpd"):
            return cls.hint
        return "" if os.geteuid() == 0 else "needs root"

    def start(self) -> None:
        if any(path.is_file() for path in _QUEUE.rglob("*")):
            raise CannotStart(f"{_QUEUE} holds letters of another run")
        unknown = [f"r{number}@example.org" for number in range(0, self.variant.letters, 20)]
        self.write("unknown", "\n".join(unknown if self.variant.unknown else ["nobody"]) + "\n")
        config = self.write(
            "smtpd.conf",
            _CONFIG.format(dir=self.place.directory, sink=self.place.sink, port=self.port),
        )
        config.chmod(0o600)
        self.spawn([self.place.program("smtpd"), "-d", "-f", str(config)])
        self.wait_until_it_listens()

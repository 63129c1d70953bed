"""Dovecot's submission service, which relays as it reads."""

from __future__ import annotations

import os

from tests.servers.server import PASSWORD, MailServer, Place, Variant, log_in

_CONFIG = """
base_dir = {dir}/run
log_path = {dir}/dovecot.log
protocols = submission
listen = 127.0.0.1
hostname = mx.vestnik.test
ssl = required
ssl_cert = <{cert}
ssl_key = <{key}
auth_mechanisms = plain login
mail_location = maildir:{dir}/mail/%u
submission_relay_host = 127.0.0.1
submission_relay_port = {sink}
mail_max_userip_connections = 100
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={dir}/mail/%u
}}
service submission-login {{
  inet_listener submission {{
    port = {port}
  }}
}}
"""


class Dovecot(MailServer):
    """Relays to the sink, which knows everybody."""

    name = "Dovecot"
    hint = "apt-get install dovecot-core dovecot-submissiond, and run as root"
    variants = (
        Variant("submission, STARTTLS + AUTH", log_in("starttls"), unknown=False, letters=600),
    )

    @classmethod
    def missing(cls, place: Place) -> str:
        modules = ("/usr/lib/dovecot/submission", "/usr/libexec/dovecot/submission")
        if not place.program("dovecot") or not any(os.path.exists(path) for path in modules):
            return cls.hint
        return "" if os.geteuid() == 0 else "needs root"

    def start(self) -> None:
        mail = self.place.directory / "mail"
        mail.mkdir()
        mail.chmod(0o777)
        config = self.write(
            "dovecot.conf",
            _CONFIG.format(
                dir=self.place.directory,
                cert=self.place.certificate,
                key=self.place.key,
                sink=self.place.sink,
                port=self.port,
                password=PASSWORD,
            ),
        )
        self.spawn([self.place.program("dovecot"), "-F", "-c", str(config)])
        self.wait_until_it_listens()

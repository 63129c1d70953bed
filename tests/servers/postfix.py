"""Postfix, in a directory of its own; needs root, as its master process does."""

from __future__ import annotations

import os
import subprocess

from tests.servers.greylist import Greylist
from tests.servers.server import (
    PASSWORD,
    UNKNOWN,
    CannotStart,
    MailServer,
    Place,
    Variant,
    free_port,
    log_in,
)

_MAIN = """
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {dir}/maillog
maillog_file_prefixes = {dir}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.vestnik.test
mydestination =
mynetworks = 127.0.0.0/8
local_recipient_maps =
relayhost = [127.0.0.1]:{sink}
smtp_tls_security_level = none
smtpd_client_event_limit_exceptions =
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access regexp:{dir}/recipients
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
"""
_MASTER = """
127.0.0.1:{port} inet n - n - 200 smtpd{wrapper}
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""
_AUTH = """
base_dir = {dir}/dovecot
log_path = {dir}/dovecot.log
protocols =
ssl = no
auth_mechanisms = plain login
passdb {{
  driver = static
  args = password={password}
}}
service auth {{
  unix_listener {dir}/queue/private/auth {{
    mode = 0666
  }}
}}
"""


class Postfix(MailServer):
    """Delivers to the sink as its relay host."""

    name = "Postfix"
    hint = "apt-get install postfix, and run as root"
    variants = (
        Variant("plain"),
        Variant("STARTTLS", {"SECURITY": "starttls"}, {"smtpd_tls_security_level": "encrypt"}),
        Variant(
            "STARTTLS + AUTH",
            log_in("starttls"),
            {
                "smtpd_tls_security_level": "encrypt",
                "smtpd_sasl_auth_enable": "yes",
                "smtpd_sasl_type": "dovecot",
                "smtpd_sasl_path": "private/auth",
                "mynetworks": "192.0.2.0/24",
            },
            needs=("dovecot",),
        ),
        Variant("TLS", {"SECURITY": "tls"}, {"smtpd_tls_wrappermode": "yes"}),
        Variant("no PIPELINING", {}, {"smtpd_discard_ehlo_keywords": "pipelining, chunking"}),
        Variant(
            "full name demanded in EHLO",
            {},
            {
                "smtpd_helo_required": "yes",
                "smtpd_helo_restrictions": "reject_invalid_helo_hostname,"
                " reject_non_fqdn_helo_hostname",
            },
        ),
        Variant("three connections a client", {}, {"smtpd_client_connection_count_limit": "3"}),
        Variant("letters of at most 3000 bytes", {}, {"message_size_limit": "3000"}),
        Variant("greylisting, 4 s", {}, {"greylist": "4"}, letters=300, seconds=400),
        Variant(
            "300 letters a minute",
            {},
            {"smtpd_client_message_rate_limit": "300"},
            unknown=False,
            letters=900,
            seconds=420,
        ),
    )

    @classmethod
    def missing(cls, place: Place) -> str:
        if not place.program("postfix"):
            return cls.hint
        return "" if os.geteuid() == 0 else "needs root"

    def start(self) -> None:
        directory = self.place.directory
        for folder in ("queue", "data"):
            (directory / folder).mkdir()
        subprocess.run(["chown", "postfix", str(directory / "data")], check=True)
        options = dict(self.variant.options)
        self._greylist = self._wanted_greylist(options)
        wrapper = options.pop("smtpd_tls_wrappermode", "")
        lines = [f"{name} = {value}" for name, value in options.items()]
        place = self.place
        main = _MAIN.format(dir=directory, sink=place.sink, cert=place.certificate, key=place.key)
        self.write("main.cf", main + "\n".join(lines) + "\n")
        wrapped = " -o smtpd_tls_wrappermode=yes" if wrapper else ""
        self.write("master.cf", _MASTER.format(port=self.port, wrapper=wrapped))
        refused = f"/^{UNKNOWN}$/ 550 5.1.1 No such user here\n" if self.variant.unknown else ""
        self.write("recipients", refused)
        self._command("start")
        if "smtpd_sasl_auth_enable" in options:
            self._start_auth()
        self.wait_until_it_listens()

    def stop(self) -> None:
        self._command("abort", check=False)
        if self._greylist is not None:
            self._greylist.close()
        super().stop()

    def _wanted_greylist(self, options: dict[str, str]) -> Greylist | None:
        seconds = options.pop("greylist", "")
        if not seconds:
            return None
        greylist = Greylist(free_port(), float(seconds))
        options["smtpd_recipient_restrictions"] = (
            f"check_recipient_access regexp:{self.place.directory}/recipients,"
            f" check_policy_service inet:127.0.0.1:{greylist.port}"
        )
        return greylist

    def _start_auth(self) -> None:
        conf = self.write("auth.conf", _AUTH.format(dir=self.place.directory, password=PASSWORD))
        self.spawn([self.place.program("dovecot"), "-F", "-c", str(conf)])

    def _command(self, word: str, *, check: bool = True) -> None:
        command = [self.place.program("postfix"), "-c", str(self.place.directory), word]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
        if check and done.returncode:
            raise CannotStart(done.stderr[-300:])

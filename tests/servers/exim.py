"""Exim, as a daemon in a directory of its own."""

from __future__ import annotations

from tests.servers.server import PASSWORD, UNKNOWN, USER, MailServer, Place, Variant, log_in

_CONFIG = r"""
exim_path = {exim}
spool_directory = {dir}/spool
log_file_path = {dir}/%slog
pid_file_path = {dir}/pid
primary_hostname = mx.vestnik.test
domainlist local_domains =
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
tls_certificate = {cert}
tls_privatekey = {key}
never_users =
smtp_accept_max = 200
smtp_accept_queue_per_connection = 0
acl_smtp_rcpt = acl_check_rcpt
{options}

begin acl
acl_check_rcpt:
  deny condition = ${{if match{{$local_part@$domain}}{{^{unknown}\$}}}}
       message = Unrouteable address
{deny}
  accept

begin routers
sink:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = sink

begin transports
sink:
  driver = smtp
  port = {sink}
  allow_localhost
  hosts_try_fastopen =
  hosts_avoid_tls = *

begin retry
* * F,2h,1s

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""
_TIMEOUT = 400.0
_AUTH = "  deny !authenticated = *\n       message = Log in first"


class Exim(MailServer):
    """Delivers to the sink by a manual route; the first letters of a connection at once."""

    name = "Exim"
    hint = "apt-get install exim4-daemon-light"
    # It starts a process for each letter: a thousand take it minutes on a busy machine.
    variants = (
        Variant("plain", seconds=_TIMEOUT),
        Variant(
            "STARTTLS + AUTH",
            log_in("starttls"),
            {"tls_advertise_hosts": "*", "auth": "yes"},
            seconds=_TIMEOUT,
        ),
        Variant("TLS", {"SECURITY": "tls"}, {"tls_on_connect_ports": "{port}"}, seconds=_TIMEOUT),
        Variant(
            "50 letters a connection",
            {},
            {"smtp_accept_max_per_connection": "50"},
            seconds=_TIMEOUT,
        ),
    )

    @classmethod
    def missing(cls, place: Place) -> str:
        return "" if place.program("exim4", "exim") else cls.hint

    def start(self) -> None:
        options = dict(self.variant.options)
        deny = _AUTH if options.pop("auth", "") else ""
        lines = [f"{name} = {value.format(port=self.port)}" for name, value in options.items()]
        exim = self.place.program("exim4", "exim")
        (self.place.directory / "spool").mkdir()
        self.place.directory.chmod(0o777)
        (self.place.directory / "spool").chmod(0o777)
        config = self.write(
            "exim.conf",
            _CONFIG.format(
                exim=exim,
                dir=self.place.directory,
                port=self.port,
                sink=self.place.sink,
                cert=self.place.certificate,
                key=self.place.key,
                options="\n".join(lines),
                unknown=UNKNOWN,
                deny=deny,
                user=USER,
                password=PASSWORD,
            ),
        )
        self.spawn([exim, "-bdf", "-q1s", "-C", str(config)])
        self.wait_until_it_listens()

"""``manage.py serve``: the site, and a process for scheduler and workers beside it."""

from __future__ import annotations

import signal
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.servers.basehttp import get_internal_wsgi_application
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from apps.core.http.costly import THREADS
from apps.core.http.proxies import is_trusted
from apps.core.http.server import Uploads, make_server
from apps.core.http.trailing_slash import route_path
from apps.core.site import listening_at
from apps.delivery.scheduling.supervisor import Supervisor
from apps.mailings.personal_files.archives import MAX_ARCHIVE
from apps.users.authentication.credentials import is_signed_in

_CONNECTIONS = 2000
#: What a form with the largest file needs beside it.
_BESIDE_A_FILE = 1024 * 1024


class Command(BaseCommand):
    help = (
        "Serve the site by waitress until Ctrl-C. Scheduler and workers run in a process of their"
        " own, which is watched, unless DISPATCH_BACKEND is celery or SCHEDULER_ENABLED is False."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="to listen at (%(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="to listen at (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = socket.create_server((host, port), family=family)
        except (OSError, OverflowError) as error:
            text = _("Cannot listen at %(place)s (%(error)s). Another port: --port N")
            reason = text % {"place": f"{host}:{port}", "error": error}
            raise CommandError(reason, returncode=2) from error
        application = get_internal_wsgi_application()
        server = make_server(
            application,
            listener=listener,
            uploads=uploads(),
            is_proxy=is_trusted,
            threads=THREADS,
            **limits(),
        )
        # waitress ends in order on SystemExit.
        signal.signal(signal.SIGTERM, leave)
        port = listener.getsockname()[1]
        listening_at(port)
        url = f"http://{host}:{port}/"
        self.stdout.write(_("Serving %(url)s (Ctrl-C ends)") % {"url": url})
        self.stdout.flush()
        scheduling = settings.SCHEDULER_ENABLED and settings.DISPATCH_BACKEND == "inprocess"
        supervisor = Supervisor(port=port)
        try:
            if scheduling:
                supervisor.start()
            server.run()
        finally:
            server.close()
            listener.close()
            listening_at(None)
            if scheduling:
                supervisor.stop()


def leave(*_: object) -> None:
    """Obey SIGTERM."""
    raise SystemExit(0)


def uploads() -> Uploads:
    """What may be sent to the site, by whom."""
    largest = max(settings.IMPORT_MAX_MEGABYTES * 1024 * 1024, MAX_ARCHIVE)
    return Uploads(
        ordinary_body=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        largest_body=largest + _BESIDE_A_FILE,
        takes_files=takes_files,
        is_signed_in=is_signed_in,
    )


def takes_files(method: str, path: str) -> bool:
    """True for a route to which people upload files."""
    try:
        return method == "POST" and resolve(route_path(path)).view_name in settings.UPLOAD_ROUTES
    except Resolver404:
        return False


def limits() -> dict[str, Any]:
    """As many connections as the system lets one process watch.

    select() on Windows takes 512 sockets; elsewhere poll() has no limit, but files have.
    """
    if sys.platform == "win32":
        return {"connection_limit": 400}
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS + 200
    if 0 <= soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    allowed = _CONNECTIONS if soft < 0 else min(_CONNECTIONS, soft - 200)
    return {"connection_limit": max(allowed, 50), "asyncore_use_poll": True}

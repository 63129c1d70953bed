"""A policy service for Postfix that greylists: who is new is asked to come again later.

http://www.postfix.org/SMTPD_POLICY_README.html
"""

from __future__ import annotations

import socketserver
import threading
import time


class Greylist:
    """Defers every recipient until so many seconds after the first try."""

    def __init__(self, port: int, seconds: float) -> None:
        self.port = port
        first: dict[str, float] = {}

        class Policy(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                request: dict[str, str] = {}
                for raw in self.rfile:
                    name, _, value = raw.decode("utf-8", "replace").strip().partition("=")
                    if name:
                        request[name] = value
                        continue
                    seen = first.setdefault(request.get("recipient", ""), time.monotonic())
                    known = time.monotonic() - seen >= seconds
                    action = "dunno" if known else "defer_if_permit 4.2.0 Greylisted, see you later"
                    self.wfile.write(f"action={action}\n\n".encode())

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", port), Policy)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

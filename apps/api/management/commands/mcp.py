"""``manage.py mcp``: tools for agents that prepare mailings, and ask a person to start them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _


class Command(BaseCommand):
    help = (
        "Serve the Model Context Protocol over stdin and stdout with the token in --token-file, or"
        " over HTTP with --http, where every request brings its token. Tokens are made on the page"
        " /profile/tokens/: of an agent, or one that only reads. Nothing is started by an agent."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--token-file", type=Path, help="a file with the token, and nothing else")
        how.add_argument("--http", action="store_true", help="serve at http://HOST:PORT/mcp")
        parser.add_argument("--host", default="127.0.0.1", help="to listen at (%(default)s)")
        parser.add_argument("--port", type=int, default=8010, help="to listen at (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        if find_spec("mcp") is None:
            text = _("The package mcp is not installed: poetry install --extras mcp")
            raise CommandError(text, returncode=2)
        server: Any = import_module("apps.api.agents.server")
        if options["http"]:
            uvicorn: Any = import_module("uvicorn")
            uvicorn.run(server.http_app(), host=options["host"], port=options["port"])
            return
        secret = _secret_in(options["token_file"])
        if not import_module("apps.api.agents.calls").is_agents(secret):
            text = _("The token is not valid, or may change things: make one for an agent.")
            raise CommandError(text, returncode=2)
        server.make_server(lambda: secret).run("stdio")


def _secret_in(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        text = _("The file with the token cannot be read: %(error)s")
        raise CommandError(text % {"error": error}, returncode=2) from error

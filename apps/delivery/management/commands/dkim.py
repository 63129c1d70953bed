"""``manage.py dkim``: a new key for DKIM, and the DNS records of those that are in use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from apps.delivery.channels.email.dkim import DkimKey, new_key


class Command(BaseCommand):
    help = (
        "Make a key for DKIM signatures and print what to put into .env and into DNS, or print the "
        "records of the keys that .env names."
    )
    # The pages are no business of a command: checking them would load them all first.
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="keygen|records")
        keygen = acts.add_parser("keygen", help="make a key")
        keygen.add_argument("domain")
        keygen.add_argument("--selector", default="vestnik1", help="(vestnik1)")
        keygen.add_argument("--type", choices=("rsa", "ed25519"), default="rsa", help="(rsa)")
        keygen.add_argument(
            "--out", type=Path, help="the file of the private key (VAR_DIR/dkim/DOMAIN.TYPE.pem)"
        )
        acts.add_parser("records", help="the DNS records of the keys in use")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "records":
            for key in settings.DKIM_KEYS.values():
                self._record(key)
            return
        self._keygen(options)

    def _keygen(self, options: dict[str, Any]) -> None:
        domain, kind = options["domain"].lower().rstrip("."), options["type"]
        file = options["out"] or settings.VAR_DIR / "dkim" / f"{domain}.{kind}.pem"
        private, pem = new_key(kind)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            text = _("%(file)s exists: a key is never overwritten. Choose another --out.")
            raise CommandError(text % {"file": file}, returncode=2) from None
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}", returncode=2) from None
        with os.fdopen(number, "wb") as out:
            out.write(pem)
        name = domain.partition(".")[0].replace("-", "_").upper() + f"_{kind.upper()}"
        self.stdout.write(_("1. Publish this TXT record and wait until it can be seen:"))
        self._record(DkimKey(domain, options["selector"], private))
        self.stdout.write(_("2. Then put these lines into .env:"))
        self.stdout.write(f"DKIM__{name}__DOMAIN={domain}")
        self.stdout.write(f"DKIM__{name}__SELECTOR={options['selector']}")
        self.stdout.write(f"DKIM__{name}__KEY_FILE={file}")

    def _record(self, key: DkimKey) -> None:
        record = key.record
        # One string of a TXT record holds 255 octets (RFC 1035, 3.3.14).
        parts = [record[at : at + 250] for at in range(0, len(record), 250)]
        quoted = " ".join(f'"{part}"' for part in parts)
        self.stdout.write(f"{key.record_name}. TXT {quoted}")

"""``python -m tests.servers``: real mail servers, a thousand letters each, ledger = receiver.

Starts what is installed of Postfix, Exim, OpenSMTPD, Dovecot submission, Haraka, smtp-server and
aiosmtpd in directories of its own on the loopback, sends a mailing through each by the real
program, and compares the ledger with what the server passed on. Exit: 0 all held; 1 one did not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.delivery.channels.email.smtp.smtp_promises import certificate_files
from tests.faults.rounds.table import write_between
from tests.servers.aiosmtpd_server import Aiosmtpd
from tests.servers.dovecot import Dovecot
from tests.servers.exim import Exim
from tests.servers.node import Haraka, SmtpServerOfNode
from tests.servers.opensmtpd import OpenSmtpd
from tests.servers.postfix import Postfix
from tests.servers.sender import Sender
from tests.servers.server import MailServer, Place, Variant
from tests.servers.trial import Result, try_server

KINDS: tuple[type[MailServer], ...] = (
    Postfix,
    Exim,
    OpenSmtpd,
    Dovecot,
    Haraka,
    SmtpServerOfNode,
    Aiosmtpd,
)
HEAD = (
    "| server | how | letters | sent | failed | other | received | tries repeated | |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def main() -> int:
    options = _options()
    results: list[Result] = []
    with ExitStack() as stack:
        top = Path(tempfile.mkdtemp(prefix="vestnik-servers-"))
        os.chmod(top, 0o755)  # servers drop root's rights and must still get in
        stack.callback(shutil.rmtree, top, ignore_errors=True)
        sender = Sender(top / "vestnik")
        stack.callback(sender.close)
        certificate, key = certificate_files(top)
        print(HEAD, flush=True)
        for number, (kind, variant) in enumerate(_chosen(options)):
            directory = top / str(number)
            directory.mkdir()
            place = Place(directory, certificate, key, sender.sink, options.root)
            result = try_server(kind, variant, place, sender)
            results.append(result)
            print(result.row(), flush=True)
            if result.failure and options.keep:
                _keep(directory, options.keep / f"{number}-{kind.name}")
    if options.report:
        write_between(options.report, "\n".join([HEAD, *(one.row() for one in results)]))
    return 1 if any(one.failure for one in results) else 0


def _keep(directory: Path, target: Path) -> None:
    """Copy the files, not the sockets and pipes."""

    def special(folder: str, names: list[str]) -> list[str]:
        return [
            name
            for name in names
            if not (Path(folder, name).is_file() or Path(folder, name).is_dir())
        ]

    shutil.copytree(directory, target, ignore=special, dirs_exist_ok=True)


def _chosen(options: argparse.Namespace) -> Iterator[tuple[type[MailServer], Variant]]:
    for kind in KINDS:
        if options.only and kind.name.lower() not in options.only.lower().split(","):
            continue
        for variant in kind.variants:
            if options.quick and variant.seconds > 120:
                continue
            letters = options.letters or variant.letters
            yield kind, replace(variant, letters=letters)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    names = ", ".join(kind.name for kind in KINDS)
    parser.add_argument("--only", default="", help=f"of {names}; separated by commas")
    parser.add_argument("--letters", type=int, default=0, help="of every trial, if not its own")
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--root", type=Path, help="unpacked packages (dpkg -x) to look into, too")
    parser.add_argument("--report", type=Path, help="a page with markers to write the table into")
    parser.add_argument("--keep", type=Path, help="keep the directories of what went wrong here")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

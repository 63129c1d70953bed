"""``manage.py suppressions ACTION``: the suppression list of a user."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.exports.export_command import TableCommand
from apps.core.exports.tables import Cell, cells_of
from apps.mailings.importing.suppression_rows import StopRow, rows_of_file, rows_of_text
from apps.mailings.models import Suppression
from apps.mailings.selectors.permission.suppressions import EXPORT
from apps.mailings.services.permission import suppressions
from apps.users.selectors import user_named

SOME_REJECTED, REFUSED = 1, 2
_ANY_SIZE: Final = 2**40


class Command(TableCommand):
    help = (
        "Adds to a user's suppression list, takes addresses off it, and exports it. Exit: 0 done; "
        "1 some rows are no addresses, or not suppressed; 2 refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        adding = actions.add_parser("add", help="suppress these addresses")
        lifting = actions.add_parser("lift", help="allow these addresses again")
        importing = actions.add_parser("import", help="suppress the addresses of a file")
        exporting = actions.add_parser("export", help="the list as CSV or XLSX")
        for one in (adding, lifting):
            one.add_argument("addresses", nargs="+", metavar="ADDRESS", help="emails and phones")
        importing.add_argument("file", type=Path, metavar="FILE")
        for one in (adding, importing):
            one.add_argument(
                "--reason", choices=Suppression.Reason.values, default="blocked", help="(blocked)"
            )
        for one in (adding, importing, lifting):
            one.add_argument("--note", default="", metavar="TEXT", help="is kept with the event")
        for one in (adding, lifting, importing, exporting):
            one.add_argument("--owner", required=True, metavar="EMAIL", help="whose list it is")
        super().add_arguments(exporting)

    def handle(self, *args: Any, **options: Any) -> None:
        acts: dict[str, Callable[[dict[str, Any]], bool]] = {
            "add": lambda given: self._add(rows_of_text("\n".join(given["addresses"])), given),
            "import": lambda given: self._add(
                rows_of_file(given["file"], most_bytes=_ANY_SIZE), given
            ),
            "lift": self._lift,
        }
        act = acts.get(options["action"])
        if act is None:
            return super().handle(*args, **options)
        try:
            whole = act(options)
        except Refused as refusal:
            raise CommandError(str(refusal), returncode=REFUSED) from None
        if not whole:
            sys.exit(SOME_REJECTED)
        return None

    def table(self, options: dict[str, Any]) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        rows = Suppression.objects.editable_by(user_named(options["owner"]))
        return list(EXPORT), cells_of(rows, EXPORT)

    def _add(self, rows: Iterable[StopRow], options: dict[str, Any]) -> bool:
        owner = user_named(options["owner"])
        report = suppressions.add_rows(
            rows=rows,
            owner_id=owner.pk,
            reason=options["reason"],
            actor=owner.email,
            note=options["note"],
        )
        text = _("%(rows)d addresses = %(added)d added + %(known)d known + %(rejected)d rejected")
        figures = {name: getattr(report, name) for name in ("rows", "added", "known", "rejected")}
        self.stdout.write(text % figures)
        for row in report.examples:
            self.stdout.write(
                _("line %(line)d: %(reason)s") % {"line": row.line, "reason": row.text}
            )
        return not report.rejected

    def _lift(self, options: dict[str, Any]) -> bool:
        owner, whole = user_named(options["owner"]), True
        for row in rows_of_text("\n".join(options["addresses"])):
            known = Suppression.objects.editable_by(owner)
            found = known.filter(channel=row.channel, address=row.address).first()
            if found is None:
                self.stdout.write(_("%(address)s: not suppressed") % {"address": row.text})
                whole = False
                continue
            suppressions.lift(suppression=found, actor=owner, note=options["note"])
            self.stdout.write(_("%(address)s: may be written to again") % {"address": row.text})
        return whole

"""``manage.py erase``: erase a recipient, see and refuse erasures, check a certificate."""

from __future__ import annotations

import sys
from typing import Any, Final

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.text.formatting import refusal_text
from apps.mailings.models import ErasureRequest, Recipient
from apps.mailings.services.privacy import erasure

FAILED, REFUSED = 1, 2
#: Whom an erasure names when the command line has asked for it.
ACTOR: Final = "command line"


class ErasureUnknown(Refused):
    """There is no recipient, or no erasure, with this id."""

    code = "erasure_unknown"


class Command(BaseCommand):
    help = (
        "Erase a recipient, list and refuse erasures, check a certificate. Exit: 0 done; 1 the "
        "certificate is not genuine; 2 refused, with the reason."
    )
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        asking = actions.add_parser("recipient", help="ask for the erasure of this recipient")
        asking.add_argument("id", type=int, metavar="ID")
        asking.add_argument("--now", action="store_true", help="without the days of grace")
        actions.add_parser("list", help="the erasures that wait, the most urgent first")
        refusing = actions.add_parser("refuse", help="refuse an erasure that waits")
        refusing.add_argument("id", type=int, metavar="ID")
        refusing.add_argument("--reason", required=True, help="shown to the person")
        verifying = actions.add_parser("verify", help="was this certificate issued here?")
        verifying.add_argument("id", type=int, metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = getattr(self, f"_{options['action']}")(options)
        except Refused as refusal:
            self.stderr.write(f"{refusal_text(refusal)} [{refusal.code}]")
            code = REFUSED
        if code:
            sys.exit(code)

    def _recipient(self, options: dict[str, Any]) -> int:
        recipient = Recipient.objects.filter(pk=options["id"]).first()
        if recipient is None:
            raise ErasureUnknown(_("There is no recipient (id:%(id)s).") % {"id": options["id"]})
        by, now = ErasureRequest.By.COMMAND, timezone.now()
        found = erasure.ask(recipient=recipient, by=by, actor=ACTOR, now=now)
        if options["now"]:
            found = erasure.carry_out(request_id=found.pk, now=now, actor=ACTOR)
        self.stdout.write("\n".join(found.certificate) or _line(found))
        return 0

    def _list(self, options: dict[str, Any]) -> int:
        waiting = ErasureRequest.objects.filter(state=ErasureRequest.State.WAITING)
        for found in waiting.order_by("due_at"):
            self.stdout.write(_line(found))
        return 0

    def _refuse(self, options: dict[str, Any]) -> int:
        found, now = _found(options["id"]), timezone.now()
        erasure.refuse(request=found, reason=options["reason"], actor=ACTOR, now=now)
        self.stdout.write(_("The erasure is refused."))
        return 0

    def _verify(self, options: dict[str, Any]) -> int:
        found = _found(options["id"])
        genuine = bool(found.certificate) and erasure.is_genuine(found)
        self.stdout.write("\n".join([*found.certificate, f"genuine: {genuine}"]))
        return 0 if genuine else FAILED


def _found(number: int) -> ErasureRequest:
    found = ErasureRequest.objects.filter(pk=number).first()
    if found is None:
        raise ErasureUnknown(_("There is no erasure (id:%(id)s).") % {"id": number})
    return found


def _line(found: ErasureRequest) -> str:
    moments = f"{found.erase_at:%Y-%m-%d %H:%M}  {found.due_at:%Y-%m-%d}"
    return f"(id:{found.pk})  (recipient id:{found.recipient_id})  {moments}"

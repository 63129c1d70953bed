"""``manage.py mailing ACTION``: what the pages do to a mailing, on the command line.

No logic of its own: every act is one call of the dispatcher, or of a service.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

import structlog
from django.core.checks import Tags
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.errors import Refused
from apps.core.slots import run_control
from apps.core.text.formatting import refusal_text
from apps.delivery.engine.runs.control import NothingToDo
from apps.delivery.engine.runs.launch import MailingUnknown
from apps.delivery.management.overview import facts_of, page_of, table_of
from apps.delivery.management.transactional import AddressUnfit, add_words, transactional_of
from apps.delivery.monitoring.health import check_health
from apps.mailings.models import Delivery, Mailing, Run, Trigger
from apps.mailings.models.experiments.plan import MOST_VARIANTS, letter
from apps.mailings.selectors.experiments.shown import sentence_of
from apps.mailings.selectors.mailings import cards_of, living_mailings
from apps.mailings.services import mailings as services
from apps.mailings.services import starting
from apps.mailings.services.experiments.running import choose
from apps.mailings.services.transactional import send_transactional
from apps.users.selectors import user_named

DONE, SOMETHING_LEFT, REFUSED = 0, 1, 2
#: Whom the history names when the command line has changed something.
ACTOR: Final = "command line"

_HELP: Final = {
    "start": "launch it; the scheduler's workers send",
    "pause": "pause it; what is in flight arrives",
    "resume": "end a pause or a wait now",
    "stop": "close the run and cancel pending deliveries",
    "reset": "open the next run of a completed mailing",
    "retry-failed": "send again to the failed of the current run",
    "send-remaining": "send to the recipients left out by a stop or the end",
    "replace-content": "send the edited message to the remaining recipients of a paused run",
    "skip": "pass over the start of a repeated mailing that is due or was missed",
    "choose": "an experiment that asks: the variant that the other recipients get",
    "resolve-unknown": "decide about deliveries of which nobody knows the outcome",
    "set-status": "move it to this status manually, with an audit row per delivery",
    "enable": "a manager's switch: it may be sent again",
    "disable": "a manager's switch: nothing of it is sent",
    "duplicate": "the same mailing once more, starting in a day",
    "remove": "delete what was never sent, archive what has a history",
}


class Command(BaseCommand):
    help = (
        "List and show mailings, and do to one what the pages can do. To send in the foreground: "
        "send_mailing. Exit: 0 done; 1 something failed or is left; 2 refused, with the reason."
    )
    # The pages are no business of a command: checking them would load them all first.
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        listing = actions.add_parser("list", help="the newest mailings, a line each")
        listing.add_argument("--owner", metavar="EMAIL", help="only this user's")
        listing.add_argument("--status", choices=Mailing.Status.values)
        listing.add_argument("--kind", choices=Mailing.Kind.values, default=Mailing.Kind.MAILING)
        listing.add_argument("--limit", type=int, default=20, metavar="N", help="(%(default)s)")
        showing = actions.add_parser("show", help="one mailing with its runs and their equations")
        showing.add_argument("id", type=int, metavar="ID")
        for one in (listing, showing):
            one.add_argument("--json", action="store_true", help="for programs")
        add_words(actions.add_parser("send", help="one message to one recipient, now"))
        acts = {name: actions.add_parser(name, help=text) for name, text in _HELP.items()}
        for one in acts.values():
            one.add_argument("id", type=int, metavar="ID")
        acts["start"].add_argument("--now", action="store_true", help="before the mailing's start")
        acts["set-status"].add_argument("status", choices=Mailing.Status.values)
        acts["choose"].add_argument("variant", choices=_LETTERS, help="A is the mailing itself")
        for name in ("enable", "disable"):
            acts[name].add_argument("--by", required=True, metavar="EMAIL", help="the manager")
        deciding = acts["resolve-unknown"]
        deciding.add_argument("--as", dest="verdict", choices=_VERDICTS, required=True)
        deciding.add_argument("--run", type=int, metavar="N", help="not the current run, but #N")
        deciding.add_argument("--delivery", type=int, nargs="+", metavar="D", help="only these")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with structlog.contextvars.bound_contextvars(trigger=str(Trigger.COMMAND)):
                code = self._do(options["action"], options)
        except Refused as refusal:
            self.stderr.write(f"{refusal_text(refusal)} [{refusal.code}]")
            code = REFUSED
        if code:
            sys.exit(code)

    def _do(self, action: str, options: dict[str, Any]) -> int:
        if action == "list":
            return self._list(options)
        if action == "send":
            return self._send(options)
        mailing = living_mailings().filter(pk=options["id"]).first()
        if mailing is None:
            raise MailingUnknown(_("There is no mailing (id:%(id)s).") % {"id": options["id"]})
        if action == "show":
            return self._show(mailing, as_json=options["json"])
        if action == "resolve-unknown":
            return self._resolve(mailing, options)
        self.stdout.write(_ACTS[action](mailing, options))
        if action in _QUEUEING:
            self._look_for_a_sender()
        return DONE

    def _look_for_a_sender(self) -> None:
        if not check_health(now=timezone.now()).scheduler:
            self.stderr.write(_("No scheduler is running. It waits for one: run_scheduler, serve."))

    def _list(self, options: dict[str, Any]) -> int:
        rows = living_mailings().filter(kind=options["kind"]).order_by("-pk")
        if options["owner"]:
            rows = rows.filter(owner=user_named(options["owner"]))
        if options["status"]:
            rows = rows.filter(status=options["status"])
        found, now = list(rows[: max(options["limit"], 0)]), timezone.now()
        cards = cards_of(found, now=now)
        if options["json"]:
            runs = [[card.run] if card.run else [] for card in cards]
            pairs = zip(cards, runs, strict=True)
            self._write_json([facts_of(card.mailing, own, now) for card, own in pairs])
            return DONE
        for line in table_of(cards):
            self.stdout.write(line)
        return DONE

    def _show(self, mailing: Mailing, *, as_json: bool) -> int:
        now = timezone.now()
        rows = mailing.runs.order_by("-number").defer("content").select_related("mailing")
        if as_json:
            self._write_json(facts_of(mailing, list(rows), now))
            return DONE
        for line in page_of(mailing, list(rows), now):
            self.stdout.write(line)
        return DONE

    def _send(self, options: dict[str, Any]) -> int:
        try:
            sent = send_transactional(
                message_request=transactional_of(options), trigger=Trigger.COMMAND
            )
        except ValidationError as error:
            raise AddressUnfit(" ".join(error.messages)) from error
        if options["json"]:
            self._write_json(asdict(sent))
        else:
            text = _("Delivery %(delivery_id)d (id:%(mailing_id)d): %(state)s.")
            label = str(Delivery.State(sent.state).label)
            self.stdout.write(text % {**asdict(sent), "state": label})
        self._look_for_a_sender()
        return DONE

    def _resolve(self, mailing: Mailing, options: dict[str, Any]) -> int:
        run = _run_of(mailing, options["run"] or mailing.current_run)
        asked = options["delivery"]
        count = run_control.value.resolve_unknown(
            run_id=run.pk,
            delivery_ids=asked,
            verdict=options["verdict"],
            actor=ACTOR,
        )
        self.stdout.write(
            ngettext("Decided: %(count)d.", "Decided: %(count)d.", count) % {"count": count}
        )
        return SOMETHING_LEFT if asked is not None and count < len(set(asked)) else DONE

    def _write_json(self, facts: object) -> None:
        text = json.dumps(facts, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        self.stdout.write(text)


def _start(mailing: Mailing, options: dict[str, Any]) -> str:
    launched = starting.start(mailing_id=mailing.pk, trigger=Trigger.COMMAND, early=options["now"])
    text = (
        _("Sending started: run #%(number)d.")
        if launched.created
        else _("The mailing was already being sent: run #%(number)d.")
    )
    return text % {"number": launched.number}


def _pause(mailing: Mailing, options: dict[str, Any]) -> str:
    run_control.value.pause(mailing_id=mailing.pk)
    return _("The mailing is paused.")


def _resume(mailing: Mailing, options: dict[str, Any]) -> str:
    run_control.value.resume(mailing_id=mailing.pk)
    return _("Mailing resumed.")


def _stop(mailing: Mailing, options: dict[str, Any]) -> str:
    run_control.value.stop(mailing_id=mailing.pk)
    return _("The mailing is stopped.")


def _skip(mailing: Mailing, options: dict[str, Any]) -> str:
    run_control.value.skip(mailing_id=mailing.pk)
    return _("This run is skipped.")


def _reset(mailing: Mailing, options: dict[str, Any]) -> str:
    number = starting.reset(mailing_id=mailing.pk)
    return _("Run #%(number)d created. The mailing can be sent again.") % {"number": number}


def _retry_failed(mailing: Mailing, options: dict[str, Any]) -> str:
    return _again(starting.retry_failed(mailing_id=mailing.pk))


def _send_remaining(mailing: Mailing, options: dict[str, Any]) -> str:
    return _again(starting.send_remaining(mailing_id=mailing.pk))


def _again(count: int) -> str:
    return ngettext(
        "%(count)d recipient is in the queue again.",
        "%(count)d recipients are in the queue again.",
        count,
    ) % {"count": count}


def _replace_content(mailing: Mailing, options: dict[str, Any]) -> str:
    count = run_control.value.replace_content(mailing_id=mailing.pk)
    text = _("The remaining %(count)d will get the edited message once you resume.")
    return text % {"count": count}


def _choose(mailing: Mailing, options: dict[str, Any]) -> str:
    run = _run_of(mailing, mailing.current_run)
    number = _LETTERS.index(options["variant"]) + 1
    return sentence_of(choose(run_id=run.pk, number=number, actor=ACTOR), timezone.now())


def _run_of(mailing: Mailing, number: int) -> Run:
    run = Run.objects.filter(mailing=mailing, number=number).only("pk").first()
    if run is None:
        raise NothingToDo(_("There is no such run."))
    return run


def _set_status(mailing: Mailing, options: dict[str, Any]) -> str:
    count = starting.change_status(mailing_id=mailing.pk, status=options["status"], actor=ACTOR)
    return _("Done. History entries: %(count)d.") % {"count": count}


def _enable(mailing: Mailing, options: dict[str, Any]) -> str:
    _switch(mailing, options["by"], active=True)
    return _("The mailing is enabled.")


def _disable(mailing: Mailing, options: dict[str, Any]) -> str:
    _switch(mailing, options["by"], active=False)
    return _("The mailing is disabled.")


def _switch(mailing: Mailing, email: str, *, active: bool) -> None:
    try:
        services.toggle_mailing(mailing_id=mailing.pk, actor=user_named(email), active=active)
    except Mailing.DoesNotExist:
        text = _("You can’t enable or disable this mailing.")
        raise services.ToggleForbidden(text) from None


def _duplicate(mailing: Mailing, options: dict[str, Any]) -> str:
    copy = services.duplicate_mailing(mailing=mailing, now=timezone.now())
    return f"{copy.name} (id:{copy.pk})"


def _remove(mailing: Mailing, options: dict[str, Any]) -> str:
    deleted = services.MailingService(mailing.owner).remove(mailing, now=timezone.now())
    return _("The mailing is deleted.") if deleted else _("The mailing is archived.")


_VERDICTS: Final = ("sent", "failed", "pending")
_LETTERS: Final = [letter(number) for number in range(1, MOST_VARIANTS + 1)]
#: After these somebody must send.
_QUEUEING: Final = frozenset({"start", "resume", "retry-failed", "send-remaining", "choose"})
_ACTS: Final[dict[str, Callable[[Mailing, dict[str, Any]], str]]] = {
    "start": _start,
    "pause": _pause,
    "resume": _resume,
    "stop": _stop,
    "reset": _reset,
    "retry-failed": _retry_failed,
    "send-remaining": _send_remaining,
    "replace-content": _replace_content,
    "skip": _skip,
    "choose": _choose,
    "set-status": _set_status,
    "enable": _enable,
    "disable": _disable,
    "duplicate": _duplicate,
    "remove": _remove,
}

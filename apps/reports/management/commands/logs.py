"""``manage.py logs``: every line about one mailing, delivery or recipient, in time order."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from apps.core.exports.broken_pipe import until_nobody_reads
from apps.core.logs.files import moment_of
from apps.reports.selectors.log_search import Line, Subject, lines_about

NONE: Final = 1
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_FIRST: Final = ("timestamp", "level", "event")


class Command(BaseCommand):
    help = (
        "Every log line about one mailing, delivery or recipient, from all files of the log and "
        "the ledger, in time order. Exit: 0; 1 there is none."
    )
    # The pages are no business of a command: checking them would load them all first.
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        for kind in ("mailing", "delivery", "recipient"):
            what.add_argument(f"--{kind}", type=int, metavar="ID")
        parser.add_argument(
            "--since",
            type=_moment,
            metavar="WHEN",
            help="2026-12-31, 2026-12-31T09:00, or so long ago: 30m, 2h, 3d",
        )
        parser.add_argument("--json", action="store_true", help="JSON lines, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        kinds = ("mailing", "delivery", "recipient")
        kind = next(name for name in kinds if options[name] is not None)
        subject, count = Subject(kind, options[kind]), 0
        with until_nobody_reads():
            for line in lines_about(subject, since=options["since"]):
                count += 1
                text = json.dumps(line, ensure_ascii=False) if options["json"] else _readable(line)
                self.stdout.write(text)
            self.stdout.flush()
        if not count:
            self.stderr.write(_("No log lines found."))
            sys.exit(NONE)


def _readable(line: Line) -> str:
    """Time in the site's zone, level, event, and what else there is as name=value."""
    when = timezone.localtime(moment_of(line)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    rest = {name: value for name, value in line.items() if name not in _FIRST}
    trace = rest.pop("exception", None)
    facts = " ".join(f"{name}={_value(value)}" for name, value in rest.items() if value != "")
    text = f"{when} {str(line.get('level', '')):7} {line.get('event', '')} {facts}"
    return f"{text}\n{trace}" if trace else text


def _value(value: object) -> str:
    if isinstance(value, str) and value.isprintable() and " " not in value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _moment(text: str) -> datetime:
    number, unit = text[:-1], text[-1:]
    if number.isdecimal() and unit in _UNITS:
        return timezone.now() - timedelta(**{_UNITS[unit]: int(number)})
    try:
        moment = parse_datetime(text)
        day = parse_date(text) if moment is None else None
    except ValueError:
        moment = day = None
    if day is not None:
        moment = datetime(day.year, day.month, day.day)
    if moment is None:
        raise ArgumentTypeError(f"{text!r} is neither a time nor a span")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)

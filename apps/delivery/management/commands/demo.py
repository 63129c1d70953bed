"""``manage.py demo``: load the demo data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.text.formatting import refusal_text
from apps.delivery.management.progress import equation
from apps.mailings.models import Run
from apps.mailings.services.demo.load import MANAGER, RECIPIENTS, USER, Demo, DemoRefused, load_demo


class Command(BaseCommand):
    help = "Load the demo data into an empty database. Sends nothing; twice is as good as once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="do nothing, without complaint, in a database that is in use",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            demo = load_demo(now=timezone.now())
        except DemoRefused as refusal:
            if not options["if_empty"]:
                raise CommandError(
                    f"{refusal_text(refusal)} [{refusal.code}]", returncode=2
                ) from refusal
            return
        for line in _new(demo) if demo.passwords else _known(demo):
            self.stdout.write(line)


def _new(demo: Demo) -> Iterator[str]:
    yield _(
        "The demo data is loaded: %(count)s recipients, 2 lists, a sign-up form, a segment,"
        " 4 mailings."
    ) % {"count": RECIPIENTS}
    yield _("Ready to send: manage.py send_mailing %(id)s") % {"id": demo.due_mailing_id}
    yield _("Sign in with (passwords are shown only once):")
    for email in (USER, MANAGER):
        yield f"  {email:20}  {demo.passwords[email]}"


def _known(demo: Demo) -> Iterator[str]:
    yield _(
        "Demo data already loaded. To set a new password: manage.py changepassword %(email)s"
    ) % {"email": USER}
    if demo.due_mailing_id is None:
        return
    run = Run.objects.select_related("mailing").filter(mailing_id=demo.due_mailing_id).first()
    if run is not None:
        yield f"{run.mailing.name} (id:{run.mailing_id}) #{run.number}: {equation(run)}"

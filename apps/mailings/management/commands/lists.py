"""``manage.py lists ACTION``: the lists of a user, and a list made of a tag."""

from __future__ import annotations

import sys
from typing import Any, Final

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import MailingList, Tag
from apps.mailings.selectors.permission.lists import with_figures
from apps.mailings.services.permission.lists import ListService, subscribe_tagged
from apps.mailings.services.permission.subscribing import ListsRefused
from apps.users.models import User
from apps.users.selectors import user_named

REFUSED: Final = 2


class Command(BaseCommand):
    help = (
        "Lists the lists of a user, or puts everybody with a tag on one. Exit: 0 done; 2 refused."
    )
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        listing = actions.add_parser("list", help="each list with its figures, a line each")
        tagging = actions.add_parser("from-tag", help="subscribe everybody with a tag")
        for one in (listing, tagging):
            one.add_argument("--owner", required=True, metavar="EMAIL", help="whose lists")
        tagging.add_argument("tag", metavar="TAG")
        tagging.add_argument("--title", default="", help="of the list (the name of the tag)")
        tagging.add_argument("--statement", required=True, help="how these people agreed")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            owner = user_named(options["owner"])
            if options["action"] == "list":
                self._list(owner)
            else:
                self._from_tag(owner, options)
        except Refused as refusal:
            self.stderr.write(f"{refusal} [{refusal.code}]")
            sys.exit(REFUSED)

    def _list(self, owner: User) -> None:
        rows = MailingList.objects.filter(owner=owner, archived_at=None)
        for one in with_figures(rows, timezone.now()):
            figures: Any = one
            self.stdout.write(
                f"{one.pk}\t{one.title}\t{figures.subscribed} subscribed"
                f"\t{figures.unconfirmed} unconfirmed\t{figures.unsubscribed} unsubscribed"
                f"\t{figures.growth:+} in 30 days"
            )

    def _from_tag(self, owner: User, options: dict[str, Any]) -> None:
        tag = Tag.objects.filter(owner=owner, name=options["tag"]).first()
        if tag is None:
            raise ListsRefused(_("You have no tag with this name."))
        title = options["title"] or tag.name
        mine = MailingList.objects.filter(owner=owner, archived_at=None)
        one = mine.filter(title__iexact=title).first()
        one = one or ListService(owner).save(MailingList(owner=owner, title=title))
        count = subscribe_tagged(
            tag=tag, list=one, statement=options["statement"], actor=owner, now=timezone.now()
        )
        self.stdout.write(f"{one.pk}\t{one.title}\t{count} subscribed")

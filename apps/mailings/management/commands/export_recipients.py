"""``manage.py export_recipients``: the list of recipients, or what the filters find of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from apps.core.exports.export_command import TableCommand
from apps.core.exports.tables import Cell
from apps.mailings.models import Recipient, Tag
from apps.mailings.recipient_export import table_of
from apps.mailings.selectors.recipients import LIVING, RecipientFilters, found_recipients
from apps.mailings.services.tags import TagRefused
from apps.users.selectors import user_named


class Command(TableCommand):
    help = "Recipients as CSV or XLSX, with the filters of the page."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--owner", metavar="EMAIL", help="only this user's")
        parser.add_argument("--search", default="", metavar="WORDS", help="address or name")
        parser.add_argument("--tag", metavar="NAME", help="a tag of the owner; needs --owner")
        parser.add_argument("--operator", default="", metavar="NNN", help="the operator's code")
        parser.add_argument("--state", choices=["suppressed", "archived"], default="")

    def table(self, options: dict[str, Any]) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        rows = Recipient.objects.all()
        if options["owner"]:
            rows = rows.editable_by(user_named(options["owner"]))
        filters = {
            "q": options["search"],
            "operator": options["operator"],
            "state": options["state"] or LIVING,
            "tag": str(_tag(options).pk) if options["tag"] else "",
            "all": "1",
        }
        table = table_of(found_recipients(rows, RecipientFilters(filters)).rows)
        return table.header, table.rows


def _tag(options: dict[str, Any]) -> Tag:
    rows = Tag.objects.filter(name=options["tag"])
    if not options["owner"]:
        raise TagRefused(_("A tag belongs to a user: say --owner."))
    found = rows.editable_by(user_named(options["owner"])).first()
    if found is None:
        raise TagRefused(_("There is no tag “%(name)s”.") % {"name": options["tag"]})
    return found

"""A message as a text for phones: in how many parts each account sends it, and what they cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.content.preview import preview
from apps.core.content.template_language import RenderRefused
from apps.core.contracts import AccountInfo, Actor
from apps.core.errors import ContentRefused
from apps.core.site import site_url
from apps.core.text.formatting import grouped
from apps.core.text.sms_parts import Alphabet, Parts, parts_of, sms_text
from apps.mailings.models import Channel, Message
from apps.mailings.selectors.messages import SHOWN_LINK, fields_shown, shown_sample
from apps.mailings.sending_accounts import known_accounts
from apps.mailings.services.letters.previews import shown_to


@dataclass(frozen=True, slots=True)
class SmsCost:
    """A text by one account. ``recipients``: how many would get it; 0: nobody has counted."""

    account: str
    parts: Parts
    price: str = ""
    transliterated: bool = False
    recipients: int = 0

    @property
    def size(self) -> str:
        """In how many parts, and why."""
        text = ngettext("%(shown)s part", "%(shown)s parts", self.parts.count)
        alphabet = _("Unicode") if self.parts.alphabet is Alphabet.UCS2 else _("Latin letters")
        return f"{text % {'shown': grouped(self.parts.count)}} ({alphabet})"

    @property
    def one(self) -> str:
        """What it costs for one recipient; empty: no price is known."""
        return self._money(self.parts.count)

    @property
    def all_parts(self) -> int:
        return self.parts.count * self.recipients

    @property
    def all(self) -> str:
        """What it costs for all of them."""
        return self._money(self.all_parts)

    def _money(self, count: int) -> str:
        number, _blank, currency = self.price.partition(" ")
        if not number:
            return ""
        total = (Decimal(number) * count).quantize(Decimal("0.01"))
        return f"{number_format(total, force_grouping=True)} {currency}".strip()


def costs_of_text(text: str, actor: Actor) -> list[SmsCost]:
    """A text that was filled in, by each account of this user that really writes to phones."""
    infos = [one for one in known_accounts(actor).values() if _writes(one)]
    return [_cost(text, info) for info in sorted(infos, key=lambda info: info.name)]


def costs_of_message(
    message: Message, parts: Iterable[tuple[tuple[str, str], int]], now: datetime
) -> list[SmsCost]:
    """The message for the recipient who fills most of its fields, by those of these routes that
    write to phones; each with how many it reaches. Needs the message's owner."""
    routes = {account: count for (channel, account), count in parts if channel == Channel.PHONE}
    known = known_accounts(message.owner) if any(routes.values()) else {}
    used = [(known[name], count) for name, count in routes.items() if name in known and count]
    used = [(info, count) for info, count in used if _writes(info)]
    if not used:
        return []
    try:
        text = _text_of(message, now)
    except (ContentRefused, RenderRefused):  # the checks of a start say so
        return []
    return [_cost(text, info, count) for info, count in used]


def _writes(info: AccountInfo) -> bool:
    return Channel.PHONE in info.channels and not info.to_files


def _cost(text: str, info: AccountInfo, recipients: int = 0) -> SmsCost:
    """Links are counted as long as they will be."""
    link = f"{site_url()}/u/{'x' * 32}/"
    ready = sms_text(text.replace(SHOWN_LINK, link), transliterate=info.transliterate)
    return SmsCost(info.name, parts_of(ready), info.price, info.transliterate, recipients)


def _text_of(message: Message, now: datetime) -> str:
    sample = shown_sample(message, "")
    if message.document is not None:
        return shown_to(message, sample, "text", now=now).text
    return preview(message.subject, message.text, message.html, fields_shown(sample)).text

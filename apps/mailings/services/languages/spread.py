"""In which languages a mailing goes out: how many get each, and how complete it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from django.utils import timezone
from django.utils.text import capfirst

from apps.core.content.translation import Progress
from apps.core.text.languages import language_name
from apps.mailings.models import Mailing, MessageTranslation
from apps.mailings.rules import rule_of
from apps.mailings.run_content import language_for
from apps.mailings.services.languages.translations import languages_of
from apps.mailings.services.reach import Audience


@dataclass(frozen=True, slots=True)
class LanguageShare:
    """One language of a mailing. ``progress``: None for that of the message itself.

    ``others``: how many of ``count`` speak another language, or none that is known.
    """

    code: str
    name: str
    count: int
    progress: Progress | None = None
    others: int = 0


@dataclass(frozen=True, slots=True)
class Spread:
    """All languages of a mailing, its message's own first. ``left_out``: who gets none of them."""

    languages: tuple[LanguageShare, ...]
    left_out: int = 0


def has_languages(mailing: Mailing) -> bool:
    """True if the language of a recipient makes a difference."""
    asks = mailing.other_languages != Mailing.OtherLanguages.FALLBACK
    return asks or MessageTranslation.objects.filter(message=mailing.message_id).exists()


def spread_of(mailing: Mailing) -> Spread:
    """Counted exactly, as the freeze would share people out."""
    message = mailing.message
    further = [one for one in languages_of(message) if one[0] != message.language]
    known = [message.language, *(code for code, _name, _progress in further)]
    counts, others = Counter[str](), 0
    for spoken, count in _audience(mailing).languages(_channels(mailing)).items():
        code = language_for(spoken, known) if spoken else None
        if code is None:
            others += count
        else:
            counts[code] += count
    leaves_out = mailing.other_languages == Mailing.OtherLanguages.LEAVE_OUT
    fallen = 0 if leaves_out else others
    own = LanguageShare(
        code=message.language,
        name=capfirst(language_name(message.language)) if message.language else "",
        count=counts[message.language] + fallen,
        others=fallen,
    )
    shares = [LanguageShare(code, name, counts[code], one) for code, name, one in further]
    return Spread((own, *shares), left_out=others if leaves_out else 0)


def _audience(mailing: Mailing) -> Audience:
    """Everybody who would get it in any language."""
    return Audience(replace(rule_of(mailing, timezone.now()), languages=()))


def _channels(mailing: Mailing) -> list[str]:
    return [channel for channel, _account in mailing.routes]

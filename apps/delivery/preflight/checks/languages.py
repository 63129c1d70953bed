"""Whether everybody reads the whole letter in their language, and has what its lists show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from django.utils.translation import gettext_noop as _

from apps.core.content.program import Condition
from apps.core.content.program.parts import Each, Link, Part, When
from apps.core.errors import ContentRefused
from apps.core.text.languages import language_name
from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.checks.placeholders import Shown, figures_of
from apps.delivery.preflight.findings import (
    Finding,
    Place,
    failure,
    passed,
    refused_by,
    warning,
)
from apps.delivery.preflight.letter import Letter
from apps.mailings.models import Mailing
from apps.mailings.services.languages.spread import LanguageShare, has_languages, spread_of
from apps.mailings.services.languages.translations import written_in
from apps.mailings.services.letters.bodies import check_message

#: Lists of a letter that are counted.
_MOST: Final = 10


class LanguageCheck(Check):
    """How many get each language, and what it lacks."""

    name = "languages"
    title = _("Languages")
    seconds = 30.0
    reads = ("message",)

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        mailing = letter.mailing
        if not has_languages(mailing):
            yield passed(_("Everybody gets it in one language."))
            return
        spread = spread_of(mailing)
        for share in spread.languages:
            yield from self._judged(mailing, share)
        if spread.left_out:
            text = _("Left out, for there is no translation: %(count)s.")
            yield passed(text, count=spread.left_out)

    def _judged(self, mailing: Mailing, share: LanguageShare) -> Iterator[Finding]:
        if share.progress is None:
            yield _own(mailing, share)
            return
        facts: dict[str, str | int] = {"language": language_name(share.code), "count": share.count}
        if share.progress.missing:
            fix = _("Complete the translation, or remove this language.")
            if share.count:
                text = _("%(language)s: %(missing)s texts are missing; recipients: %(count)s.")
                yield failure(text, fix, Place.MESSAGE, missing=share.progress.missing, **facts)
            else:
                text = _("%(language)s: %(missing)s texts are missing; nobody gets it.")
                yield warning(text, fix, Place.MESSAGE, missing=share.progress.missing, **facts)
            return
        try:
            check_message(written_in(mailing.message, share.code))
        except ContentRefused as refusal:
            yield refused_by(refusal, Place.MESSAGE)
        if share.progress.stale:
            text = _("%(language)s: %(stale)s texts are older than the message.")
            fix = _("Look through the outdated texts of the translation.")
            yield warning(text, fix, Place.MESSAGE, stale=share.progress.stale, **facts)
        else:
            yield passed(_("%(language)s: complete; recipients: %(count)s."), **facts)


def _own(mailing: Mailing, share: LanguageShare) -> Finding:
    """The language of the message itself."""
    if not share.code:
        fix = _("Say in which language the message is written.")
        if mailing.other_languages == Mailing.OtherLanguages.LEAVE_OUT:
            return failure(_("The language of the message is not known."), fix, Place.MESSAGE)
        return warning(_("The language of the message is not known."), fix, Place.MESSAGE)
    facts: dict[str, str | int] = {"language": language_name(share.code), "count": share.count}
    if share.others:
        text = _("%(language)s: recipients: %(count)s, of these in another language: %(others)s.")
        return passed(text, others=share.others, **facts)
    return passed(_("%(language)s: recipients: %(count)s."), **facts)


class RepeatCheck(Check):
    """For how many a list that is repeated has nothing in it."""

    name = "repeat"
    title = _("Lists")
    seconds = 30.0
    reads = ("message",)

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        lists: dict[str, Shown] = {}
        spared: dict[str, bool] = {}
        for name, conditions, has_text in _lists_in(letter.bodies.html.parts, ()):
            lists.setdefault(name, set()).add(conditions)
            spared[name] = spared.get(name, True) and has_text
        names = sorted(lists)[:_MOST]
        if not names:
            yield passed(_("Nothing is repeated."))
            return
        found = figures_of(letter, {name: lists[name] for name in names})
        for name in names:
            yield _of_list(name, *found[name], has_text=spared[name])


def _of_list(name: str, empty: int, total: int, *, has_text: bool) -> Finding:
    if not empty:
        return passed(_("Everybody has something in the list “%(name)s”."), name=name)
    if has_text:
        text = _("The list “%(name)s” is empty for %(count)s of %(all)s; a text stands in for it.")
        return passed(text, name=name, count=empty, **{"all": total})
    text = _("The list “%(name)s” is empty for %(count)s of %(all)s; they see nothing there.")
    fix = _("Give the repeat a text for an empty list, or fill in the data.")
    return warning(text, fix, Place.MESSAGE, name=name, count=empty, **{"all": total})


def _lists_in(
    parts: Iterable[Part], around: tuple[Condition, ...]
) -> Iterator[tuple[str, tuple[Condition, ...], bool]]:
    """Each repeated list, the conditions around it, and whether an empty one has a text."""
    for part in parts:
        match part:
            case Each(source=name, empty=empty):
                yield name, around, bool(empty)
            case When(condition, inner):
                yield from _lists_in(inner, (*around, condition))
            case Link(parts=inner):
                yield from _lists_in(inner, around)

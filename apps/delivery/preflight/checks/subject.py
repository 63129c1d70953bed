"""The subject and what an inbox shows beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext_noop as _

from apps.core.content.template_language import parse
from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.findings import Finding, Place, failure, passed, warning
from apps.delivery.preflight.letter import Letter

_LONG: Final = 78
_LOUD: Final = 10


class SubjectCheck(Check):
    """Empty, long, loud, or nothing without somebody's data."""

    name = "subject"
    title = _("Subject")
    reads = ("message", "head")

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        found = list(_findings(letter))
        yield from found or [passed(_("The subject fits."))]


def _findings(letter: Letter) -> Iterator[Finding]:
    subject = letter.subject
    if not subject.strip():
        yield failure(_("The subject is empty."), _("Write one."), Place.MESSAGE)
        return
    if len(letter.filled_subject) > _LONG:
        text = _("The subject has %(count)s characters; most inboxes show 40 to 70.")
        fix = _("Put the important words first, or shorten it.")
        yield warning(text, fix, Place.MESSAGE, count=len(letter.filled_subject))
    letters = [sign for sign in subject if sign.isalpha()]
    if len(letters) >= _LOUD and sum(sign.isupper() for sign in letters) > 0.7 * len(letters):
        text = _("The subject is in capitals; spam filters dislike that.")
        yield warning(text, _("Write it in small letters."), Place.MESSAGE)
    if not "".join(parse(subject).parts({})).strip(" ,.!?:;-–—"):
        text = _("Without the recipient’s data the subject is empty.")
        fix = _("Give the placeholder a fallback, or add words.")
        yield warning(text, fix, Place.MESSAGE)

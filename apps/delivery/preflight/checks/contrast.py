"""Whether the texts can be read on what is behind them, where the HTML says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext_noop as _

from apps.core.content.blocks.contrast import contrast, needed
from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.findings import Finding, Place, passed, unchecked, warning
from apps.delivery.preflight.letter import Letter

#: Texts that are named; of more their number.
_NAMED: Final = 5


class ContrastCheck(Check):
    """4.5 to 1, and 3 to 1 for large text (WCAG 2, 1.4.3)."""

    name = "contrast"
    title = _("Contrast")
    reads = ("message",)

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        texts = letter.markup.texts
        known = [(one, one.ink, one.ground) for one in texts if one.ink and one.ground]
        pale = {
            one.text: contrast(ink, ground)
            for one, ink, ground in known
            if ink and ground and contrast(ink, ground) < needed(one.size, one.bold)
        }
        for text, ratio in list(pale.items())[:_NAMED]:
            sentence = _("“%(text)s” has a contrast of %(ratio)s to 1.")
            fix = _("Choose a darker or a lighter colour: 4.5 to 1, for large text 3 to 1.")
            yield warning(sentence, fix, Place.MESSAGE, text=text[:60], ratio=f"{ratio:.1f}")
        if len(pale) > _NAMED:
            sentence = _("More texts with too little contrast: %(count)s.")
            fix = _("Choose a darker or a lighter colour: 4.5 to 1, for large text 3 to 1.")
            yield warning(sentence, fix, Place.MESSAGE, count=len(pale) - _NAMED)
        if not pale and known:
            yield passed(_("The texts can be read on what is behind them."))
        if not known:
            yield unchecked(_("No colours can be read from the message."))

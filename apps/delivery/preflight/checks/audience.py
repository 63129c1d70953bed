"""To how many it goes, who is left out and why, and whether there is time for all."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_noop as _

from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.findings import Finding, Place, failure, passed, warning
from apps.delivery.preflight.letter import Letter
from apps.mailings.models import Run
from apps.mailings.models.permission.left_out import LeftOut

_OPEN = Run.State.PREPARING


class AudienceCheck(Check):
    """The freeze's own SELECT, counted: nobody, or many more than before."""

    name = "audience"
    title = _("Audience")
    reads = ()

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        reach = letter.summary.reach
        if not reach.reached:
            text = _("Nobody would get it.")
            yield failure(text, _("Choose other recipients."), Place.MAILING)
        else:
            yield passed(
                _("Recipients: %(count)s of %(all)s."), count=reach.reached, all=reach.matching
            )
        for reason in LeftOut.values:
            if reach.left_out[reason]:
                sentence = _("Left out, %(reason)s: %(count)s.")
                yield passed(sentence, reason=str(reason), count=reach.left_out[reason])
        before = _last_audience(letter)
        if before and reach.reached >= 2 * before:
            text = _("Recipients: %(count)s; the last time there were %(before)s.")
            fix = _("Check that the audience is the one you mean.")
            yield warning(text, fix, Place.MAILING, count=reach.reached, before=before)


def _last_audience(letter: Letter) -> int:
    """How many its last run went to; 0 for none."""
    runs = Run.objects.filter(mailing=letter.mailing).exclude(state=_OPEN).order_by("-number")
    last = runs.values_list("audience", "suppressed").first()
    return last[0] - last[1] if last is not None else 0


class ForecastCheck(Check):
    """Whether everybody is served before the end, by the accounts' rates, limits and hours."""

    name = "forecast"
    title = _("Time")
    reads = ("hours",)

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        mailing, summary = letter.mailing, letter.summary
        fix = _("Set a later end, or send by an account with higher limits.")
        if tools.now >= mailing.ends_at:
            text = _("The sending window has ended.")
            yield failure(text, _("Set another time."), Place.MAILING)
            return
        left = summary.forecast.left if summary.forecast is not None else 0
        if left:
            text = _("Won’t be sent before the end: %(count)s.")
            yield warning(text, fix, Place.MAILING, count=left)
        if summary.too_late:
            text = _("Recipients whose hours come after the end: %(count)s.")
            yield warning(
                text, _("Set a later end, or wider hours."), Place.MAILING, count=summary.too_late
            )
        if not left and not summary.too_late:
            yield passed(_("Everybody gets it before the end."))

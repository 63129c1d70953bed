"""What a spam filter says of the letter, if the installation has one."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext_noop as _

from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.findings import Finding, Place, failure, passed, unchecked
from apps.delivery.preflight.letter import Letter
from apps.delivery.preflight.spam_filters import FilterAway, ask_filter


class SpamCheck(Check):
    """The score of SpamAssassin or Rspamd, over its own limit a fail; of a letter to nobody."""

    name = "spam"
    title = _("Spam filter")
    network = True
    seconds = 12.0

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        if not settings.SPAM_CHECK:
            yield unchecked(_("There is no spam filter (SPAM_CHECK in .env)."))
            return
        if not letter.is_email:
            yield passed(_("Only emails are filtered."))
            return
        try:
            verdict = ask_filter(settings.SPAM_CHECK, letter.as_mail(tools.now), seconds)
        except FilterAway:
            yield unchecked(_("The spam filter does not answer."))
            return
        params = {
            "score": f"{verdict.score:g}",
            "limit": f"{verdict.limit:g}",
            "rules": ", ".join(verdict.rules[:12]) or "-",
        }
        text = _("Score %(score)s of %(limit)s: %(rules)s.")
        if verdict.score >= verdict.limit:
            yield failure(text, _("Change what the rules name."), Place.MESSAGE, **params)
        else:
            yield passed(text, **params)

"""Everything that happened with one recipient: a page, and a part of the recipient's page."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from apps.core.mixins import OwnerFilterMixin, wants_fragment
from apps.feedback.engagement.rules import sentence_of
from apps.mailings.models import Recipient, Term
from apps.mailings.selectors.engagement.timeline import DELIVERIES, Happening, timeline_of

_SIZE: Final = 25
#: The dot beside each kind, by what deliveries have.
_DOTS: Final = {
    **{kind: "delivered" for kind in ("delivered", "opened", "clicked", "confirmed", "allowed")},
    **{kind: "bounced" for kind in ("bounced", "unsubscribed")},
    **{kind: "failed" for kind in ("failed", "suppressed")},
    **{kind: "sent" for kind in ("sent", "subscribed")},
}


class RecipientTimeline(OwnerFilterMixin, TemplateView):
    """Newest first; each opening and click with the rule that judged it.

    Within the recipient's page without the deliveries, which that page lists with their reasons.
    """

    def get_template_names(self) -> list[str]:
        fragment = wants_fragment(self.request)
        return ["reports/timeline_rows.html" if fragment else "reports/timeline.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Recipient.objects.select_related("owner")
        recipient = self.visible_or_404(rows, pk=self.kwargs["pk"])
        after, alone = self.request.GET.get("after", ""), not wants_fragment(self.request)
        without = frozenset[str]() if alone else DELIVERIES
        try:
            page = timeline_of(recipient, size=_SIZE, after=after, without=without)
        except ValueError as error:
            raise Http404 from error
        return super().get_context_data(
            recipient=recipient,
            happenings=[(one, _DOTS.get(one.kind, "pending"), judged(one)) for one in page.rows],
            page=page,
            alone=alone,
            **kwargs,
        )


def judged(one: Happening) -> str:
    """Who it was, and by which rule that is known; empty for what nobody judges."""
    if not one.term:
        return ""
    labels = {
        Term.PERSON.value: _("counted as a person: %(rule)s"),
        Term.UNCLEAR.value: _("cannot know who: %(rule)s"),
        Term.MACHINE.value: _("counted as machine: %(rule)s"),
    }
    sentence = sentence_of(one.rule) or one.rule
    return labels[one.term] % {"rule": sentence.rstrip(".")}

"""In which languages a mailing goes out: a part of its pages, which is counted after they show."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView

from apps.core.mixins import OwnerFilterMixin, TwoTemplatesMixin
from apps.mailings.selectors.mailings import shown_mailings
from apps.mailings.services.languages.spread import spread_of


class MailingLanguages(OwnerFilterMixin, TwoTemplatesMixin, TemplateView):
    """How many get each language, and how complete it is."""

    page_template = "mailings/languages_page.html"
    results_template_name = "mailings/languages.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing = self.visible_or_404(shown_mailings(), pk=self.kwargs["pk"])
        return super().get_context_data(
            mailing=mailing,
            spread=spread_of(mailing),
            editable=mailing.owner_id == self.actor.pk,
            **kwargs,
        )

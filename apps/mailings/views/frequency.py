"""The page of one's own frequency rules."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from apps.core.errors import Refused
from apps.core.mixins import (
    HtmxLoginRequiredMixin,
    LoggingMixin,
    OwnerFilterMixin,
    TwoTemplatesMixin,
)
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.permission.frequency import FrequencyLines, lines_of, rules_in
from apps.mailings.services.permission.frequency import MANY, figures, replace_rules
from apps.users.models import User


class FrequencyPage(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Shows the rules and replaces them."""

    template_name = "mailings/frequency.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("lines", FrequencyLines(initial=lines_of(cast(User, self.actor))))
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        lines = FrequencyLines(request.POST)
        if not lines.is_valid():
            return self.render_to_response(self.get_context_data(lines=lines))
        try:
            replace_rules(owner=cast(User, self.actor), rules=rules_in(lines))
        except Refused as refusal:
            messages.error(request, refusal_text(refusal))
            return self.render_to_response(self.get_context_data(lines=lines))
        messages.success(request, _("Saved. Waiting deliveries follow the new rules in a moment."))
        return redirect("mailings:frequency")


class FrequencyFigures(HtmxLoginRequiredMixin, TwoTemplatesMixin, TemplateView):
    """How often people were written to: a part of the page, which is counted after it is shown."""

    page_template = "mailings/frequency_figures_page.html"
    results_template_name = "mailings/frequency_figures.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        found = figures(cast(User, self.actor).pk, now=now)
        labels = [str(n) for n in range(MANY)] + [_("%(count)d and more") % {"count": MANY}]
        people = list(zip(labels, found.people, strict=True))
        return super().get_context_data(figures=found, people=people, **kwargs)

"""The page of one's own frequency rules."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.permission.frequency import FrequencyLines, lines_of, rules_in
from apps.mailings.services.permission.frequency import set_rules
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
            set_rules(owner=cast(User, self.actor), rules=rules_in(lines))
        except Refused as refusal:
            messages.error(request, refusal_text(refusal))
            return self.render_to_response(self.get_context_data(lines=lines))
        messages.success(request, _("Saved."))
        return redirect("mailings:frequency")

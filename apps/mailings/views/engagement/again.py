"""The page on which one writes again to those of a run who have not reacted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.engagement.again import AgainForm
from apps.mailings.models import Run
from apps.mailings.selectors.mailings import shown_runs
from apps.mailings.services.engagement.again import (
    check_run,
    silent,
    waiting_draft,
    write_again,
)


class WriteAgain(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Says how many have not reacted, and makes a draft to them."""

    template_name = "mailings/again.html"

    @cached_property
    def run(self) -> Run:
        """The run that the address names, for its owner; or 404, or 403."""
        return self.editable_or_403(
            shown_runs().filter(mailing__archived_at=None),
            mailing_id=self.kwargs["pk"],
            number=self.kwargs["number"],
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run, refused = self.run, ""
        try:
            check_run(run)
        except Refused as refusal:
            refused = refusal_text(refusal)
        kwargs.setdefault("form", AgainForm(run=run))
        return super().get_context_data(
            run=run,
            mailing=run.mailing,
            refused=refused,
            waiting=waiting_draft(run),
            groups=[] if refused else silent(run),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = AgainForm(request.POST, run=self.run)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            draft = write_again(run=self.run, choice=form.chosen(), now=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal_text(refusal))
            return redirect(request.path)
        messages.success(request, _("Draft created. Check it, then schedule it."))
        return redirect("mailings:edit", pk=draft.pk)

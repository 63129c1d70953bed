"""The pages of rules for inactive subscribers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import CreateView, TemplateView

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnedFormMixin, OwnerFilterMixin
from apps.mailings.forms.permission.sunset import SunsetForm
from apps.mailings.models import SunsetCase, SunsetPolicy
from apps.mailings.services.privacy import sunset

#: Rules that the page names.
_SHOWN = 100


class SunsetList(LoggingMixin, OwnedFormMixin, CreateView[SunsetPolicy, SunsetForm]):
    """One's own rules with what they found, and the form of a new one."""

    model = SunsetPolicy
    form_class = SunsetForm
    template_name = "privacy/sunset_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = sunset.SunsetService(self.actor).list()[:_SHOWN]
        policies = [(policy, sunset.figures(policy)) for policy in rows]
        return super().get_context_data(policies=policies, **kwargs)

    def get_success_url(self) -> str:
        assert self.object is not None
        sunset.review(self.object, now=timezone.now())
        return reverse("privacy:sunset", args=[self.object.pk])


class SunsetDetail(LoggingMixin, OwnerFilterMixin, TemplateView):
    """One rule: how many were found, and the next step, which the owner takes."""

    template_name = "privacy/sunset.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = SunsetPolicy.objects.select_related("list")
        policy = self.visible_or_404(rows, pk=self.kwargs["pk"])
        cases = SunsetCase.objects.filter(policy=policy).select_related("recipient")
        return super().get_context_data(
            policy=policy,
            figures=sunset.figures(policy),
            found=cases.filter(state=SunsetCase.State.FOUND).count(),
            tagged=cases.filter(state=SunsetCase.State.TAGGED).count(),
            cases=cases[:20],
            editable=policy.owner_id == self.actor.pk and policy.archived_at is None,
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        policy = self.editable_or_403(SunsetPolicy.objects.all(), pk=pk)
        try:
            messages.success(request, self._act(policy, request.POST.get("act", "")))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("privacy:sunset", pk=pk)

    def _act(self, policy: SunsetPolicy, act: str) -> str:
        now = timezone.now()
        if act == "approve":
            count = sunset.approve(policy=policy, now=now)
            return _("Tagged: %(count)d.") % {"count": count}
        if act == "asked":
            count = sunset.asked(policy=policy, now=now)
            return _("The wait has begun for %(count)d.") % {"count": count}
        if act == "undo":
            count = sunset.undo(policy=policy, now=now)
            return _("As before: %(count)d.") % {"count": count}
        if act == "archive":
            sunset.SunsetService(self.actor).remove(policy, now=now)
            return _("The rule is archived.")
        sunset.review(policy, now=now)
        return _("Searched.")

"""A person's answer to a start that an agent has asked for, where it is no."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import View

from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.mailings.models import Mailing
from apps.mailings.services.agents.start_requests import decline


class DeclineStart(LoggingMixin, OwnerFilterMixin, View):
    """Says no, with a word to the agent. The draft stays."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = self.editable_or_403(Mailing.objects.filter(archived_at=None), pk=pk)
        answer = request.POST.get("answer", "").replace("\0", "").strip()[:2000]
        if decline(mailing, answer=answer, now=timezone.now()):
            messages.success(request, _("Start declined. The mailing stays a draft."))
        return redirect("mailings:detail", pk=pk)

"""The page of blocked domains: one's own, and for managers those of everybody."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from apps.core.errors import Refused
from apps.core.mixins import HtmxLoginRequiredMixin, LoggingMixin
from apps.mailings.forms.permission.suppressions import BlockedDomainForm
from apps.mailings.models import BlockedDomain
from apps.mailings.services.permission.blocked_domains import (
    block_domain,
    may_block_for_all,
    may_unblock,
    unblock_domain,
    visible_domains,
)
from apps.users.models import User

#: A list of this length is read whole.
SHOWN = 1_000


class BlockedDomains(LoggingMixin, HtmxLoginRequiredMixin, TemplateView):
    """The domains with a form for another one. POST blocks it."""

    template_name = "suppressions/domains.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = cast(User, self.request.user)
        kwargs.setdefault("form", BlockedDomainForm(may_block_for_all=may_block_for_all(user)))
        rows = visible_domains(user)[:SHOWN]
        return super().get_context_data(
            rows=[(row, may_unblock(row, user)) for row in rows], **kwargs
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        user = cast(User, request.user)
        form = BlockedDomainForm(request.POST, may_block_for_all=may_block_for_all(user))
        if form.is_valid():
            try:
                block_domain(actor=user, **form.cleaned_data)
                messages.success(request, _("Domain blocked."))
                return redirect("suppressions:domains")
            except Refused as refusal:
                form.add_error("domain", str(refusal))
        context = self.get_context_data(form=form)
        return render(request, self.template_name, context, status=422)


class BlockedDomainRemove(LoggingMixin, HtmxLoginRequiredMixin, View):
    """Lets a domain be written to again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = cast(User, request.user)
        row: BlockedDomain | None = visible_domains(user).filter(pk=pk).first()
        if row is None:
            raise Http404
        if not may_unblock(row, user):
            raise PermissionDenied
        unblock_domain(domain=row, actor=user)
        messages.success(request, _("This domain may be written to again."))
        return redirect("suppressions:domains")

"""The pages of erasures: ask for one, see what became of each, allow an address again."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from apps.core.errors import Refused
from apps.core.lists.filters import ChoiceFilter, FilterForm
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.core.permissions import NOT_YOURS
from apps.mailings.models import Channel, Consent, Delivery, ErasureRequest, Recipient
from apps.mailings.services.privacy import erasure
from apps.mailings.services.privacy.returning import allow_again
from apps.mailings.services.privacy.rights import ERASE, may
from apps.users.models import User


class EraserMixin(LoggingMixin, OwnerFilterMixin):
    """What the owner may do, and a manager with the right to."""

    @property
    def user(self) -> User:
        return cast(User, self.actor)

    def erasable_or_403(self, pk: int) -> Recipient:
        """The recipient; 404 when not visible, 403 without the right."""
        recipient = self.visible_or_404(Recipient.objects.all(), pk=pk)
        if not may(self.user, ERASE, owner_id=recipient.owner_id):
            raise PermissionDenied(NOT_YOURS)
        return recipient

    def found(self) -> ErasureRequest:
        """The erasure of this page."""
        rows = ErasureRequest.objects.select_related("recipient", "owner")
        return self.visible_or_404(rows, pk=cast(Any, self).kwargs["pk"])


class ErasureAsk(EraserMixin, TemplateView):
    """Says what an erasure of this recipient does, and asks for it."""

    template_name = "privacy/ask.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        recipient = self.erasable_or_403(self.kwargs["pk"])
        latest = ErasureRequest.objects.filter(recipient=recipient).first()
        return super().get_context_data(
            recipient=recipient,
            latest=latest,
            deliveries=Delivery.objects.filter(recipient=recipient).count(),
            consents=Consent.objects.filter(recipient=recipient).count(),
            days=settings.ERASURE_GRACE_DAYS,
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        recipient = self.erasable_or_403(pk)
        is_own = recipient.owner_id == self.user.pk
        by = ErasureRequest.By.OWNER if is_own else ErasureRequest.By.MANAGER
        try:
            found = erasure.ask(
                recipient=recipient, by=by, actor=self.user.email, now=timezone.now()
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("recipients:detail", pk=pk)
        messages.success(request, _("The erasure is asked for."))
        return redirect("privacy:erasure", pk=found.pk)


class ErasureFilters(FilterForm):
    """What the list of erasures is asked for."""

    state = ChoiceFilter(
        choices=[("", gettext_lazy("any state")), *ErasureRequest.State.choices],
        label=gettext_lazy("State"),
    )


class ErasureList(OwnerFilterMixin, ListPage[ErasureRequest, ErasureFilters]):
    """Everybody who is to be erased, was, or was refused it."""

    page_template = "privacy/erasures.html"
    results_template_name = "privacy/erasures_results.html"
    filter_form = ErasureFilters
    table_columns = (
        TableColumn(name="who", label=gettext_lazy("Recipient"), phone="lead"),
        TableColumn(name="state", label=gettext_lazy("State"), phone="side"),
        TableColumn(name="asked", label=gettext_lazy("Asked"), sort="pk", phone=""),
        TableColumn(name="due", label=gettext_lazy("Due"), phone=""),
    )

    def get_queryset(self) -> OwnedQuerySet[ErasureRequest]:
        rows = self.visible(ErasureRequest.objects.select_related("recipient", "owner"))
        state = self.filters.value("state")
        return rows.filter(state=state) if state else rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(channels=Channel.choices, **kwargs)


class ErasureDetail(EraserMixin, TemplateView):
    """One erasure: refused with a reason or carried out at once; then its certificate."""

    template_name = "privacy/erasure.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = self.found()
        done = found.state == ErasureRequest.State.DONE
        return super().get_context_data(
            erasure=found,
            may_act=may(self.user, ERASE, owner_id=found.owner_id),
            waiting=found.state == ErasureRequest.State.WAITING,
            certificate="\n".join([*found.certificate, f"seal: {found.seal}"]) if done else "",
            genuine=done and erasure.is_genuine(found),
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.found()
        if not may(self.user, ERASE, owner_id=found.owner_id):
            raise PermissionDenied(NOT_YOURS)
        try:
            self._act(found, request.POST.get("act", ""))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("privacy:erasure", pk=pk)

    def _act(self, found: ErasureRequest, act: str) -> None:
        now, actor = timezone.now(), self.user.email
        if act == "now":
            erasure.carry_out(request_id=found.pk, now=now, actor=actor)
            messages.success(self.request, _("The person is erased."))
        elif act == "refuse":
            reason = self.request.POST.get("reason", "")
            erasure.refuse(request=found, reason=reason, actor=actor, now=now)
            messages.success(self.request, _("The erasure is refused."))


class Certificate(EraserMixin, View):
    """The lines that say what was erased, with the sum under them, as a text file."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.found()
        if found.state != ErasureRequest.State.DONE:
            raise Http404
        text = "\n".join([*found.certificate, f"seal: {found.seal}", ""])
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="erasure-{found.pk}.txt"'
        return response


class AllowAgain(EraserMixin, View):
    """An erased address of one's own may be added again, for a reason that is kept."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        params, channel = request.POST, request.POST.get("channel", "")
        if channel not in Channel.values:
            raise Http404
        try:
            allowed = allow_again(
                owner_id=self.user.pk,
                channel=channel,
                address=params.get("address", ""),
                reason=params.get("reason", ""),
                by=self.user.email,
                now=timezone.now(),
            )
        except (Refused, ValidationError) as error:
            text = str(error) if isinstance(error, Refused) else " ".join(error.messages)
            messages.error(request, text)
            return redirect("privacy:erasures")
        if allowed:
            messages.success(request, _("This address can be added again."))
        else:
            messages.error(request, _("Nobody with this address was erased."))
        return redirect("privacy:erasures")

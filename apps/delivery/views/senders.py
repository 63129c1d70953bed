"""Senders: the list, the form, the page of one, and the public page that confirms an address."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from apps.core.errors import Refused
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.delivery.doctor.dns import DnsAway, Resolver, SystemResolver
from apps.delivery.sender_confirmation import alignments, check_domain_proof, send_link
from apps.mailings.forms.senders import SenderForm
from apps.mailings.models import Sender
from apps.mailings.services.senders import (
    ConfirmedBy,
    SenderService,
    confirm,
    proof_of_domain,
    sender_of_link,
)
from apps.users.models import User


def _rows() -> OwnedQuerySet[Sender]:
    return Sender.objects.filter(archived_at=None)


class SenderList(OwnerFilterMixin, TemplateView):
    """One's own senders; for managers those of all."""

    template_name = "senders/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        senders = self.visible(_rows()).select_related("owner")
        return super().get_context_data(senders=list(senders[:500]), **kwargs)


class _SenderFormView(LoggingMixin, OwnerFilterMixin, TemplateView):
    """A sender's form, new or of one's own."""

    template_name = "senders/form.html"

    def sender(self) -> Sender | None:
        """The sender that is edited; None for a new one."""
        return None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = SenderForm(request.POST, instance=self.sender(), owner=request.user)
        if form.is_valid():
            try:
                sender = SenderService(self.actor).save(form.save(commit=False))
            except ValidationError as error:
                form.add_error(None, error)
            else:
                return redirect("senders:detail", pk=sender.pk)
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sender = self.sender()
        kwargs.setdefault("form", SenderForm(instance=sender, owner=self.request.user))
        back = reverse("senders:detail", args=[sender.pk]) if sender else reverse("senders:list")
        heading = str(sender) if sender else _("New sender")
        return super().get_context_data(heading=heading, back_url=back, object=sender, **kwargs)


class SenderNew(_SenderFormView):
    """A new sender."""


class SenderEdit(_SenderFormView):
    """One's own sender."""

    def sender(self) -> Sender | None:
        return self.editable_or_403(_rows(), pk=self.kwargs["pk"])


class SenderDetail(OwnerFilterMixin, CostlyMixin, TemplateView):
    """Whether it may be used, how to confirm it, and whether its letters will be aligned."""

    template_name = "senders/detail.html"
    resolver: Resolver = SystemResolver()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sender = self.visible_or_404(_rows(), pk=self.kwargs["pk"])
        try:
            findings, away = alignments(sender, self.resolver), False
        except DnsAway:
            findings, away = [], True
        return super().get_context_data(
            sender=sender,
            mine=sender.owner_id == self.actor.pk,
            findings=findings,
            away=away,
            proof=proof_of_domain(sender.owner_id),
            domain=sender.address.rpartition("@")[2],
            **kwargs,
        )


class SenderAct(LoggingMixin, OwnerFilterMixin, CostlyMixin, View):
    """What is done to a sender: send the link, look at DNS, confirm, archive."""

    http_method_names = ["post"]
    resolver: Resolver = SystemResolver()

    def post(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        user = cast(User, request.user)
        if act == "confirm":
            sender = self.visible_or_404(_rows(), pk=pk)
            if not user.is_superuser:
                raise PermissionDenied
            confirm(sender.pk, by=ConfirmedBy.SUPERUSER, now=timezone.now())
            return redirect("senders:detail", pk=pk)
        sender = self.editable_or_403(_rows(), pk=pk)
        try:
            if act == "archive":
                SenderService(self.actor).remove(sender, now=timezone.now())
                messages.success(request, _("The sender is in the archive."))
                return redirect("senders:list")
            self._confirming(sender, act)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("senders:detail", pk=pk)

    def _confirming(self, sender: Sender, act: str) -> None:
        now = timezone.now()
        if act == "link":
            send_link(sender, actor_id=self.actor.pk, now=now)
            text = _("A link was sent to %(address)s.") % {"address": sender.address}
            messages.success(self.request, text)
        elif act == "dns" and check_domain_proof(sender, self.resolver, now):
            messages.success(self.request, _("The domain is confirmed."))
        elif act == "dns":
            messages.error(self.request, _("The record was not found. DNS may take an hour."))
        else:
            raise Http404


class SenderConfirm(View):
    """The page behind the link; only its button confirms, for programs open links, too."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._shown(request, token, done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        sender = sender_of_link(token)
        if sender is not None:
            confirm(sender.pk, by=ConfirmedBy.LINK, now=timezone.now())
        return self._shown(request, token, done=True)

    @staticmethod
    def _shown(request: HttpRequest, token: str, *, done: bool) -> HttpResponse:
        sender = sender_of_link(token)
        if sender is None:
            raise Http404
        done = done or sender.confirmed_at is not None
        return render(request, "senders/confirm.html", {"sender": sender, "done": done})

"""Probes: the form that sends one, those that were sent, and what came of each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.generic import TemplateView

from apps.core.contracts import Actor
from apps.core.errors import Refused
from apps.core.http.costly import CostlyMixin
from apps.core.http.throttle import count_test
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.core.paging import row_id
from apps.core.text.formatting import refusal_text
from apps.delivery.models import Probe
from apps.delivery.probes import sending
from apps.mailings.models import Channel, Mailing, Message
from apps.mailings.models.content import NO_COPY
from apps.mailings.sender_rules import offered_to
from apps.mailings.sending_accounts import account_words, known_accounts

_SHOWN = 50


class ProbeForm(forms.Form):
    """What is sent, by which account, from whom, and to which mailbox of our own."""

    message = forms.ModelChoiceField(Message.objects.none(), label=_("Message"), empty_label=None)
    account = forms.ChoiceField(label=_("Sending account"))
    sender = forms.ModelChoiceField(
        offered_to(0),
        label=pgettext_lazy("sender", "From"),
        required=False,
        empty_label=_("as the sending account says"),
    )
    seed = forms.ChoiceField(label=_("Probe mailbox"))

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        mine = Message.objects.editable_by(actor).filter(NO_COPY, archived_at=None)
        fields["message"].queryset = mine.order_by("-pk")
        infos = known_accounts(actor).values()
        fields["account"].choices = [
            (info.name, account_words(info))
            for info in infos
            if Channel.EMAIL in info.channels and not info.to_files
        ]
        fields["sender"].queryset = offered_to(actor.pk).exclude(confirmed_at=None)
        seeds = sorted(settings.SEEDS.items())
        fields["seed"].choices = [(name, f"{name} · {one.address}") for name, one in seeds]


class ProbeList(LoggingMixin, OwnerFilterMixin, CostlyMixin, TemplateView):
    """One's own probes, the newest first, and the form for another one."""

    template_name = "probes/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing = self.mailing()
        kwargs.setdefault("form", ProbeForm(initial=self._initial(mailing), actor=self.actor))
        rows = self.visible(Probe.objects.select_related("message", "mailing"))
        asked = row_id(self.request.GET.get("message", ""))
        if mailing is not None:
            rows = rows.filter(mailing=mailing)
        elif asked is not None:
            rows = rows.filter(message_id=asked)
        return super().get_context_data(
            probes=list(rows[:_SHOWN]), mailing=mailing, seeds=sorted(settings.SEEDS), **kwargs
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = ProbeForm(request.POST, actor=self.actor)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        data = form.cleaned_data
        try:
            count_test(self.actor.pk)
            probe = sending.send(**data, mailing=self._of(data["message"]), now=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal_text(refusal))
            return self.render_to_response(self.get_context_data(form=form))
        return redirect("probes:detail", pk=probe.pk)

    def mailing(self) -> Mailing | None:
        """The mailing that the probe is for, if it is one's own."""
        number = row_id(self.request.GET.get("mailing", ""))
        mine: OwnedQuerySet[Any] = Mailing.objects.editable_by(self.actor)
        return mine.filter(pk=number).first() if number is not None else None

    def _of(self, message: Message) -> Mailing | None:
        """The mailing, as long as it is its message that was sent."""
        mailing = self.mailing()
        return mailing if mailing is not None and mailing.message_id == message.pk else None

    def _initial(self, mailing: Mailing | None) -> dict[str, Any]:
        if mailing is not None:
            about = {"message": mailing.message_id, "account": mailing.account}
            return {**about, "sender": mailing.sender_id}
        return {name: self.request.GET.get(name) for name in ("message", "sender", "account")}


class ProbeDetail(OwnerFilterMixin, TemplateView):
    """What came of one probe; reloaded until that is known."""

    template_name = "probes/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Probe.objects.select_related("message", "mailing", "sender")
        probe = self.visible_or_404(rows, pk=self.kwargs["pk"])
        return super().get_context_data(probe=probe, **kwargs)

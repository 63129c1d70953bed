"""A test of a message: to chosen addresses, by the chosen account, and what became of it."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages as flash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from apps.core.contracts import Outcome, Verdict
from apps.core.errors import Refused
from apps.core.http.throttle import count_test
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.paging import row_id
from apps.core.slots import direct_sender
from apps.core.text.formatting import in_words, refusal_text
from apps.mailings.forms.tests import TestForm
from apps.mailings.models import Channel, Mailing, Message, Recipient
from apps.mailings.selectors.messages import sample_recipient, samples_like
from apps.mailings.sending_accounts import default_account, known_accounts
from apps.users.models import User


def to_oneself(user: User, account: str) -> dict[str, str]:
    """The test that most people want: to one's own address, by this account or else the usual."""
    own = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary").first()
    return {
        "addresses": own.email if own is not None else user.email,
        "account": (
            account if account in known_accounts(user) else default_account(Channel.EMAIL, user)
        ),
    }


class Samples(OwnerFilterMixin, TemplateView):
    """A few recipients whose email, phone or name begins so, to be chosen for a preview."""

    template_name = "messages/samples.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = (self.request.GET.get("recipient") or self.request.GET.get("sample") or "")[:254]
        found = samples_like(self.actor.pk, query) if query.strip() else []
        return super().get_context_data(found=found, **kwargs)


class MessageTest(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Asks where to and how, and sends the saved message there, outside any run."""

    template_name = "messages/test.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        message = self.message()
        query = self.request.GET.get("sample", "")[:254]
        form = kwargs.setdefault("form", TestForm(message=message, initial=self._initial(message)))
        form.fields["sample"].widget.attrs.update(
            {
                "list": "samples",
                "autocomplete": "off",
                "hx-get": reverse("messages:samples"),
                "hx-trigger": "input changed delay:250ms",
                "hx-params": "sample",
                "hx-target": "#samples",
            }
        )
        return super().get_context_data(
            message=message,
            lender=sample_recipient(message),
            words=query,
            found=samples_like(message.owner_id, query)[:10] if query else [],
            **kwargs,
        )

    def message(self) -> Message:
        rows = Message.objects.filter(archived_at=None)
        return self.editable_or_403(rows, pk=self.kwargs["pk"])

    def _initial(self, message: Message) -> dict[str, str]:
        """One's own address, and the account of the mailing that one came from."""
        mine = Mailing.objects.editable_by(self.actor).filter(message=message)
        number = row_id(self.request.GET.get("mailing", ""))
        if number is not None:
            mine = mine.filter(pk=number)
        mailing = mine.order_by("-pk").first()
        usual = mailing.account if mailing is not None else ""
        return {
            **to_oneself(cast(User, self.request.user), usual),
            "sample": self.request.GET.get("sample", "")[:254],
        }

    def _back(self, message: Message) -> HttpResponse:
        """To the review that one came from, else to the message."""
        mine = Mailing.objects.editable_by(self.actor).filter(message=message)
        number = row_id(self.request.POST.get("review", ""))
        if number is not None and mine.filter(pk=number).exists():
            return redirect("mailings:review", pk=number)
        return redirect("messages:detail", pk=message.pk)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self.message()
        form = TestForm(request.POST, message=message)
        if form.is_valid():
            try:
                lender = form.lender()
                count_test(self.actor.pk)
            except ValidationError as error:
                form.add_error("sample", error)
            except Refused as refusal:
                flash.error(request, str(refusal))
                return redirect("messages:test", pk=pk)
            else:
                self._send(message, form.cleaned_data, lender)
                return self._back(message)
        return self.render_to_response(self.get_context_data(form=form))

    def _send(self, message: Message, data: dict[str, Any], lender: Recipient | None) -> None:
        account = data["account"]
        for address in data["addresses"]:
            try:
                outcome = direct_sender.value.send_test(
                    message_id=message.pk,
                    address=address,
                    account=account,
                    recipient_id=lender.pk if lender is not None else None,
                    lang=data.get("language", ""),
                )
            except Refused as refusal:
                flash.error(self.request, f"{address}: {refusal_text(refusal)}")
                return
            self._report(address, account, outcome)

    def _report(self, address: str, account: str, outcome: Outcome) -> None:
        """Where the test went, in words."""
        info = known_accounts(self.actor)[account]
        reply = f"{outcome.code or ''} {in_words(outcome.response)}".strip()
        about = {"address": address, "account": account, "reply": reply}
        if outcome.verdict is not Verdict.SENT:
            text = _("The test to %(address)s was not sent through “%(account)s”: %(reply)s")
            flash.error(self.request, text % about)
        elif info.to_files:
            folder = "/".join(settings.OUTBOX_DIR.parts[-2:])
            text = _(
                "The test to %(address)s was written to a file in %(folder)s. Nothing was sent:"
                " the account “%(account)s” only writes files."
            )
            flash.success(self.request, text % {**about, "folder": folder})
        else:
            text = _("The test was sent to %(address)s through “%(account)s”. %(reply)s")
            flash.success(self.request, text % about)

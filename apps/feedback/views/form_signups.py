"""A form's own page: its figures, the code to embed it, its sign-ups and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import View

from apps.core.errors import Refused
from apps.core.exports.tables import Column
from apps.core.lists.filters import ChoiceFilter, FilterForm, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.core.paging import row_id
from apps.core.site import site_url
from apps.core.text.formatting import refusal_text
from apps.feedback.forms import PublicForm
from apps.feedback.models import Signup, SignupCounts
from apps.feedback.services.signups.review import drop, release
from apps.mailings.models import SignupForm
from apps.mailings.services.permission.forms import SignupFormService, digest_of, shown_of

#: Sign-ups that one press releases or drops.
MOST: Final = 200
#: Why a sign-up is held or refused.
REASONS: Final = {
    "limit_address": gettext_lazy("this address had enough emails"),
    "limit_network": gettext_lazy("too many from one network"),
    "limit_form": gettext_lazy("too many by this form in an hour"),
    "asked": gettext_lazy("to be asked, as you wished"),
    "limit_site": gettext_lazy("too many on this site in an hour"),
    "disposable": gettext_lazy("throwaway address"),
    "recipient_archived": gettext_lazy("recipient in the archive"),
    "suppressed": gettext_lazy("address suppressed"),
    "dropped": gettext_lazy("dropped by you"),
    "nothing_to_confirm": gettext_lazy("no confirmation was open any more"),
    "account_disabled": gettext_lazy("sending account disabled"),
    "sending_paused": gettext_lazy("your sending is paused"),
    "sender_unfit": gettext_lazy("sender can’t be used"),
    "sender_unconfirmed": gettext_lazy("sender not confirmed"),
    "owner_blocked": gettext_lazy("you are blocked"),
}


def reason_words(code: str) -> str:
    """Why, in words; a code that has none as it is."""
    return str(REASONS.get(code, code))


class SignupFilters(FilterForm):
    """What the sign-ups of a form are asked for."""

    q = WordsFilter(longest=120, label=gettext_lazy("Address"))
    state = ChoiceFilter(
        [("", gettext_lazy("any state")), *Signup.State.choices], label=gettext_lazy("State")
    )


class FormDetail(OwnerFilterMixin, ListPage[Signup, SignupFilters]):
    """One form and its sign-ups, newest first; their export."""

    page_template = "forms/detail.html"
    results_template_name = "forms/signups.html"
    filter_form = SignupFilters
    table_columns = (
        TableColumn(name="address", label=gettext_lazy("Address"), sort="address", phone="lead"),
        TableColumn(name="state", label=gettext_lazy("State"), sort="state", phone="side"),
        TableColumn(name="received", label=gettext_lazy("Received"), sort="received_at"),
        TableColumn(name="settled", label=gettext_lazy("Settled"), sort="settled_at", phone=""),
        TableColumn(name="page", label=gettext_lazy("Page"), phone=""),
        TableColumn(
            name="repeats", label=gettext_lazy("Repeats"), number=True, sort="repeats", phone=""
        ),
    )
    headings = {
        "id": "ID",
        "address": gettext_lazy("Address"),
        "state": gettext_lazy("State"),
        "reason": gettext_lazy("Reason"),
        "received": gettext_lazy("Received"),
        "sent": gettext_lazy("Sent"),
        "settled": gettext_lazy("Settled"),
        "language": gettext_lazy("Language"),
        "page": gettext_lazy("Page"),
        "ip": "IP",
        "version": gettext_lazy("Version"),
        "repeats": gettext_lazy("Repeats"),
    }
    columns: dict[str, Column] = {
        "id": lambda row: row.pk,
        "address": lambda row: row.address,
        "state": lambda row: row.get_state_display(),
        "reason": lambda row: reason_words(row.code),
        "received": lambda row: row.received_at,
        "sent": lambda row: row.sent_at,
        "settled": lambda row: row.settled_at,
        "language": lambda row: row.language,
        "page": lambda row: row.page,
        "ip": lambda row: row.ip or "",
        "version": lambda row: row.version.number,
        "repeats": lambda row: row.repeats,
    }
    export_name = "sign-ups"

    @cached_property
    def form(self) -> SignupForm:
        rows = SignupFormService(self.actor).rows().select_related("owner", "counts")
        return self.visible_or_404(rows, pk=self.kwargs["pk"])

    def get_queryset(self) -> OwnedQuerySet[Signup]:
        rows = Signup.objects.filter(form=self.form).select_related("version")
        if query := self.filters.value("q"):
            rows = rows.filter(address__contains=query.lower())
        if state := self.filters.value("state"):
            rows = rows.filter(state=state)
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.get_page()
        form = self.form
        newest = form.versions.order_by("-number").first()
        changed = newest is None or newest.sha256 != digest_of(shown_of(form))
        counts = getattr(form, "counts", None) or SignupCounts(form=form)
        return super().get_context_data(
            page=page,
            rows=[(row, reason_words(row.code)) for row in page.rows],
            signup_form=form,
            editable=form.owner_id == self.actor.pk,
            newest=newest,
            changed=changed,
            counts=counts,
            terms=[(state.label, getattr(counts, state), state) for state in _ORDER],
            address=f"{site_url()}/f/{form.slug}/",
            code=embed_code(form, newest.shown) if newest else "",
            **kwargs,
        )


#: The terms of the equation.
_ORDER: Final = (
    Signup.State.CONFIRMED,
    Signup.State.WAITING,
    Signup.State.HELD,
    Signup.State.EXPIRED,
    Signup.State.REFUSED,
)


def embed_code(form: SignupForm, shown: dict[str, Any]) -> str:
    """Plain HTML for any site: a form that works without a script, and the script that helps it."""
    language = min(shown["languages"])
    fields = PublicForm(shown, language)
    for field in fields.fields.values():
        field.widget.attrs.pop("class", None)
    address = f"{site_url()}/f/{form.slug}/"
    context = {"form": fields, "texts": fields.texts, "address": address, "language": language}
    lines = render_to_string("forms/embed.html", context).splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip())


class SignupActs(LoggingMixin, OwnerFilterMixin, View):
    """Releases or drops held sign-ups: the ticked ones, or all that are held."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = SignupFormService(self.actor).editable_or_403(pk)
        chosen = self.chosen(form)
        now, count = timezone.now(), 0
        try:
            if request.POST.get("act") == "release":
                count = release(signups=chosen, now=now)
                text = ngettext("%(count)d released.", "%(count)d released.", count)
            else:
                count = drop(signups=chosen, now=now)
                text = ngettext("%(count)d dropped.", "%(count)d dropped.", count)
            messages.success(request, text % {"count": count})
        except Refused as refusal:
            messages.error(request, refusal_text(refusal))
        return redirect("forms:detail", pk=pk)

    def chosen(self, form: SignupForm) -> Iterable[Signup]:
        held = Signup.objects.filter(form=form, state=Signup.State.HELD).order_by("pk")
        if self.request.POST.get("all") != "1":
            ids: Sequence[str] = self.request.POST.getlist("ids")[:MOST]
            held = held.filter(pk__in=[number for one in ids if (number := row_id(one))])
        return list(held[:MOST])

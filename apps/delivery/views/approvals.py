"""Approvals: those that wait, and one mailing as a second person looks at it before it is sent."""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.generic import TemplateView, View

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.paging import row_id
from apps.core.slots import planner
from apps.core.text.formatting import refusal_text
from apps.delivery.engine.runs.approvals import decisions as approvals
from apps.delivery.engine.runs.approvals.fingerprints import differences, fingerprint_of
from apps.mailings.models import Approval, Mailing
from apps.mailings.selectors.mailings import listed
from apps.mailings.services.summary import summary_of_mailing
from apps.users.models import User

#: Rows of the list.
SHOWN: Final = 200
LABELS: Final = {
    "subject": gettext_lazy("Subject"),
    "text": gettext_lazy("Text"),
    "html": "HTML",
    "attachments": gettext_lazy("Attachments"),
    "languages": gettext_lazy("Languages"),
    "variants": gettext_lazy("Experiment"),
    "files": gettext_lazy("Files for each recipient"),
    "feed": gettext_lazy("Feed"),
    "audience": gettext_lazy("Recipients"),
    "rule": gettext_lazy("Rule of the audience"),
    "sender": pgettext_lazy("sender", "From"),
    "routes": gettext_lazy("Sending accounts"),
    "schedule": gettext_lazy("Time"),
    "settings": gettext_lazy("Other settings"),
}
TONES: Final = {"waiting": "warn", "approved": "good", "returned": "bad", "replaced": "plain"}


class ApprovalList(OwnerFilterMixin, TemplateView):
    """What waits, the oldest first, then what was decided last; for managers of everybody."""

    template_name = "approvals/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = self.visible(Approval.objects.filter(mailing__archived_at=None))
        rows = rows.select_related("mailing__owner", "decided_by").defer("parts")
        waiting = rows.filter(state=Approval.State.WAITING).order_by("pk")[:SHOWN]
        over = rows.exclude(state__in=(Approval.State.WAITING, Approval.State.REPLACED))
        return super().get_context_data(
            waiting=list(waiting),
            decided=[(one, TONES[one.state]) for one in over.order_by("-decided_at")[:SHOWN]],
            **kwargs,
        )


class ApprovalPage(LoggingMixin, OwnerFilterMixin, TemplateView):
    """One mailing: the letter, whom it reaches, and what differs from the last approved state.

    ``?run=``: what was approved for this run. Its author asks for the approval here.
    """

    template_name = "approvals/page.html"

    @cached_property
    def mailing(self) -> Mailing:
        rows = Mailing.objects.filter(archived_at=None).select_related("message", "owner", "sender")
        return self.visible_or_404(listed(rows), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing, run = self.mailing, row_id(self.request.GET.get("run", ""))
        found = self._of_run(run) if run is not None else approvals.newest(mailing)
        outdated = (
            run is None and found is not None and found.fingerprint != fingerprint_of(mailing)
        )
        waits = found is not None and found.state == Approval.State.WAITING and not outdated
        actor = cast(User, self.request.user)
        return super().get_context_data(
            mailing=mailing,
            approval=found,
            tone=TONES[found.state] if found is not None else "",
            outdated=outdated,
            of_run=run,
            deciding=waits and approvals.may_decide(actor, mailing),
            askable=self._is_askable(run, found, outdated=outdated),
            needed=run is None and approvals.needs_approval(mailing),
            summary=summary_of_mailing(mailing, totals=True) if waits else None,
            parts=_named(found.parts) if found is not None else [],
            **(_compared(found) if found is not None else {}),
            **kwargs,
        )

    def _of_run(self, number: int) -> Approval:
        rows = Approval.objects.filter(mailing=self.mailing, run__number=number)
        found = rows.select_related("decided_by", "asked_by").order_by("-pk").first()
        if found is None:
            raise Http404
        return found

    def _is_askable(self, run: int | None, found: Approval | None, *, outdated: bool) -> bool:
        mine = self.mailing.owner_id == self.actor.pk and run is None
        open_states = (Approval.State.WAITING, Approval.State.APPROVED)
        return mine and (found is None or outdated or found.state not in open_states)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = listed(Mailing.objects.filter(archived_at=None))
        mailing = self.editable_or_403(rows, pk=self.kwargs["pk"])
        approvals.ask(mailing.pk, asked_by=self.actor.pk)
        messages.success(request, _("The managers are asked for their approval."))
        return redirect("delivery:approval", pk=mailing.pk)


class ApprovalDecision(LoggingMixin, OwnerFilterMixin, View):
    """A person's yes or no. There is no such route in the API: a token decides nothing."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        rows = listed(Mailing.objects.filter(archived_at=None))
        mailing = self.visible_or_404(rows, pk=pk)
        number = row_id(request.POST.get("approval", ""))
        row = Approval.objects.filter(mailing=mailing, pk=number or 0).first()
        verdict = request.POST.get("verdict", "")
        if row is None or verdict not in ("approve", "return"):
            raise Http404
        try:
            approvals.decide(
                row.pk,
                actor=cast(User, request.user),
                yes=verdict == "approve",
                word=request.POST.get("word", ""),
                now=timezone.now(),
            )
        except Refused as refusal:
            messages.error(request, refusal_text(refusal))
        else:
            planner.value.planned()
            yes, no = _("The mailing is approved."), _("The mailing is sent back to its author.")
            messages.success(request, yes if verdict == "approve" else no)
        return redirect("delivery:approval", pk=mailing.pk)


def _compared(found: Approval) -> dict[str, Any]:
    """The last approved state before this one, and what differs from it."""
    before = approvals.last_approved(found.mailing, found.pk)
    if before is None:
        return {"before": None}
    found_differences = differences(before.parts, found.parts)
    return {
        "before": before,
        "differences": [(LABELS[name], "\n".join(lines)) for name, lines in found_differences],
    }


def _named(parts: dict[str, str]) -> list[tuple[Any, str]]:
    """The parts that are not seen in the letter."""
    seen = ("text", "html", "rule", "settings")
    return [
        (label, parts[name]) for name, label in LABELS.items() if name in parts and name not in seen
    ]

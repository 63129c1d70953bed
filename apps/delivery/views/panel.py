"""The run panel of a mailing: what its run is doing now, and the buttons that move it."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView, View

from apps.core.errors import Refused
from apps.core.mixins import (
    CacheMixin,
    LoggingMixin,
    OwnerFilterMixin,
    TwoTemplatesMixin,
    wants_fragment,
)
from apps.core.paging import row_ids
from apps.core.slots import run_control
from apps.core.text.formatting import refusal_text
from apps.delivery.engine.runs.approvals.decisions import ApprovalNeeded
from apps.delivery.selectors.actions import actions_for
from apps.delivery.selectors.forecast import forecast_of
from apps.delivery.selectors.panel import panel_of
from apps.mailings.models import Mailing, Run
from apps.mailings.models.trigger import Trigger
from apps.mailings.selectors.failures import FailureGroup, failed_of, failures_of, is_partly
from apps.mailings.selectors.mailings import current_run_of, newest_runs
from apps.mailings.selectors.totals import with_figures
from apps.mailings.services import starting
from apps.mailings.services.reach import is_large, is_typed, reached_by, typed_number

_DONE: Final = {
    "pause": gettext_lazy("The mailing is paused."),
    "resume": gettext_lazy("Mailing resumed."),
    "stop": gettext_lazy("The mailing is stopped."),
    "skip": gettext_lazy("This run is skipped."),
}
#: The same verbs for a mailing that has not been launched.
_BEFORE_START: Final = {
    "pause": gettext_lazy("The mailing is a draft now and won’t start on its own."),
    "resume": gettext_lazy("Mailing scheduled."),
}

#: Seconds for which an open run's errors are kept: every poll of the panel asks for them.
FAILURES_KEPT: Final = 6


class NumberMistyped(Refused):
    """More recipients than anybody sends to by habit, and their number was not typed."""

    code = "number_mistyped"


class RunPanel(TwoTemplatesMixin, CacheMixin, OwnerFilterMixin, TemplateView):
    """The fragment for the mailing's page; asked for directly it is a page of its own."""

    page_template = "delivery/panel_page.html"
    results_template_name = "delivery/panel_part.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Mailing.objects.filter(archived_at=None).select_related("owner", "message")
        mailing = self.visible_or_404(rows, pk=self.kwargs["pk"])
        now = timezone.now()
        panel = panel_of(mailing, now=now)
        run = panel.run
        return super().get_context_data(
            panel=panel,
            forecast=(
                forecast_of(run, panel.routes, now=now, ends_at=mailing.ends_at) if run else None
            ),
            mailing=mailing,
            editable=mailing.owner_id == self.actor.pk,
            fragment=wants_fragment(self.request),
            **self._around(mailing, run),
            **kwargs,
        )

    def _around(self, mailing: Mailing, run: Run | None) -> dict[str, Any]:
        """What the mailing's page shows beside the panel, and the fragment brings up to date."""
        if not wants_fragment(self.request):
            return {}
        failures: list[FailureGroup] = []
        if run is not None:
            over = f"{run.failed}-{run.unknown}-{run.bounced}" if run.finished_at else ""
            self.cache_timeout = FAILURES_KEPT
            failures = self.cached(
                f"failures:{run.pk}:{run.state}:{over}", lambda: failures_of(run)
            )
        return {
            "failures": failures,
            "partly": run is not None and is_partly(run),
            "runs": with_figures(newest_runs(mailing)),
        }


class Confirm(TwoTemplatesMixin, OwnerFilterMixin, TemplateView):
    """Asks before an act that cannot be taken back. Changes nothing itself."""

    page_template = "delivery/confirm_page.html"
    results_template_name = "delivery/confirm_part.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Mailing.objects.filter(archived_at=None).select_related("owner", "message")
        mailing = self.editable_or_403(rows, pk=self.kwargs["pk"])
        run = current_run_of(mailing)
        many = run is None and is_large(mailing)
        actions = actions_for(run, mailing, timezone.now(), many=many)
        offered = {action.name: action for action in actions}
        action = offered.get(self.kwargs["verb"])
        if action is None or not action.asks:
            raise Http404
        reached = reached_by(mailing) if action.name == "send" else 0
        return super().get_context_data(
            action=action,
            mailing=mailing,
            run=run,
            early=timezone.now() < mailing.starts_at,
            audience=reached,
            typed=is_typed(reached),
            failed=failed_of(run) if action.name == "retry" and run is not None else None,
            **kwargs,
        )


class Act(LoggingMixin, OwnerFilterMixin, View):
    """Moves a mailing through the dispatcher, says what came of it, and goes back to its page."""

    http_method_names = ["post"]
    verb: str = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = self.editable_or_403(Mailing.objects.filter(archived_at=None), pk=pk)
        try:
            messages.success(request, self._act(mailing))
        except ApprovalNeeded as refusal:
            messages.warning(request, refusal_text(refusal))
        except Refused as refusal:
            messages.error(request, refusal_text(refusal))
        back = "delivery:panel" if request.POST.get("back") == "panel" else "mailings:detail"
        return redirect(back, pk=mailing.pk)

    def _act(self, mailing: Mailing) -> str:
        if self.verb == "send":
            return self._launch(mailing)
        if self.verb == "reset":
            number = starting.reset(mailing_id=mailing.pk)
            return _("Run #%(number)d created. The mailing can be sent again.") % {"number": number}
        if self.verb in ("retry", "remaining", "refresh"):
            return self._again(mailing)
        getattr(run_control.value, self.verb)(mailing_id=mailing.pk)
        waiting = mailing.status == Mailing.Status.CREATED
        return str(_BEFORE_START.get(self.verb, "") if waiting else "") or str(_DONE[self.verb])

    def _again(self, mailing: Mailing) -> str:
        if self.verb == "retry":
            hopeful = self.request.POST.get("whom") == "hopeful"
            count = starting.retry_failed(mailing_id=mailing.pk, hopeful_only=hopeful)
        elif self.verb == "remaining":
            count = starting.send_remaining(mailing_id=mailing.pk)
        else:
            count = run_control.value.replace_content(mailing_id=mailing.pk)
        if self.verb == "refresh":
            text = _("The remaining %(count)d will get the edited message once you resume.")
            return text % {"count": count}
        return ngettext(
            "%(count)d recipient is in the queue again.",
            "%(count)d recipients are in the queue again.",
            count,
        ) % {"count": count}

    def _launch(self, mailing: Mailing) -> str:
        self._check_number(mailing)
        launched = starting.start(
            mailing_id=mailing.pk,
            trigger=Trigger.MANUAL,
            early=self.request.POST.get("early") == "1",
        )
        if launched.created:
            return _("Sending started: run #%(number)d.") % {"number": launched.number}
        return _("The mailing was already being sent: run #%(number)d.") % {
            "number": launched.number
        }

    def _check_number(self, mailing: Mailing) -> None:
        """Above ten thousand the number must have been typed. Raises NumberMistyped."""
        if current_run_of(mailing) is not None:
            return
        wanted = typed_number(mailing)
        typed = "".join(filter(str.isdigit, self.request.POST.get("typed", "")[:20]))
        if wanted is not None and typed != str(wanted):
            raise NumberMistyped(_("To confirm, type the number of recipients."))


class Resolve(LoggingMixin, OwnerFilterMixin, View):
    """A person's decision about unknown deliveries of one run: the ticked ones, or all."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        mailing = self.editable_or_403(Mailing.objects.filter(archived_at=None), pk=pk)
        run = mailing.runs.filter(number=number).first()
        verdict = request.POST.get("verdict", "")
        if run is None or verdict not in ("sent", "failed", "pending"):
            raise Http404
        ids = row_ids(request.POST.getlist("ids"))
        try:
            count = run_control.value.resolve_unknown(
                run_id=run.pk,
                delivery_ids=None if request.POST.get("scope") == "all" else ids,
                verdict=verdict,
                actor=str(request.user),
            )
        except Refused as refusal:
            messages.error(request, refusal_text(refusal))
        else:
            words_of_count = ngettext("Decided: %(count)d.", "Decided: %(count)d.", count)
            messages.success(request, words_of_count % {"count": count})
        return redirect("mailings:run", pk=pk, number=number)

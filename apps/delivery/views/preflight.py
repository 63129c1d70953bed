"""The page of a mailing's preflight: the button, and a row for each check, filled in live."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.views.generic import TemplateView

from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.paging import row_id
from apps.delivery.engine.runs.preflights import fingerprint_of, newest
from apps.delivery.models import Preflight
from apps.delivery.preflight.report import counts_of, rows_of
from apps.delivery.preflight.running import ask
from apps.mailings.models import Mailing
from apps.mailings.selectors.mailings import listed

_DONE: Final = Preflight.State.DONE


class PreflightPage(LoggingMixin, OwnerFilterMixin, TemplateView):
    """What was found of the mailing as it is, or with ``?run=`` before that run of it started."""

    template_name = "preflight/page.html"

    @cached_property
    def mailing(self) -> Mailing:
        rows = Mailing.objects.filter(archived_at=None).select_related("message", "owner", "sender")
        return self.visible_or_404(listed(rows), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing, run = self.mailing, row_id(self.request.GET.get("run", ""))
        found = self._of_run(run) if run is not None else newest(mailing)
        is_open = found is not None and found.state != _DONE
        rows = rows_of(found) if found is not None else []
        return super().get_context_data(
            mailing=mailing,
            preflight=found,
            is_open=is_open,
            rows=rows,
            counts=counts_of(rows),
            outdated=run is None
            and found is not None
            and not is_open
            and found.fingerprint != fingerprint_of(mailing),
            editable=mailing.owner_id == self.actor.pk,
            of_run=run,
            startable=mailing.status == Mailing.Status.CREATED,
            **kwargs,
        )

    def _of_run(self, number: int) -> Preflight:
        found = Preflight.objects.filter(mailing=self.mailing, run__number=number).first()
        if found is None:
            raise Http404
        return found

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = listed(Mailing.objects.filter(archived_at=None))
        mailing = self.editable_or_403(rows, pk=self.kwargs["pk"])
        ask(mailing, asked_by=self.actor.pk)
        return redirect("delivery:preflight", pk=mailing.pk)

"""The page of a mailing's experiment: its plan, and what became of it in the current run."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.paging import row_id
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.experiments.plan import ExperimentForm
from apps.mailings.models import Experiment, Mailing, Run
from apps.mailings.selectors.experiments.shown import ShownExperiment, shown_experiment
from apps.mailings.selectors.mailings import listed
from apps.mailings.services.experiments import editing
from apps.mailings.services.experiments.running import choose


class ExperimentPage(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Shows the experiment; its owner changes it, removes it, and chooses when asked."""

    template_name = "mailings/experiment.html"

    @cached_property
    def mailing(self) -> Mailing:
        mailing: Mailing = self.visible_or_404(_rows(), pk=self.kwargs["pk"])
        return mailing

    @cached_property
    def run(self) -> Run | None:
        return self.mailing.runs.filter(number=self.mailing.current_run).first()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing, run = self.mailing, self.run
        open_run = run is not None and run.state != Run.State.DONE
        editable = mailing.owner_id == self.actor.pk
        form = kwargs.pop("form", None) or ExperimentForm(mailing=mailing)
        return super().get_context_data(
            mailing=mailing,
            shown=self._shown(run),
            form=form if editable and not open_run else None,
            planned=Experiment.objects.filter(mailing=mailing).exists(),
            editable=editable,
            **kwargs,
        )

    def _shown(self, run: Run | None) -> ShownExperiment | None:
        return shown_experiment(run, timezone.now()) if run is not None else None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.mailing = self.editable_or_403(_rows(), pk=self.kwargs["pk"])
        try:
            act = request.POST.get("act", "save")
            if act == "save":
                return self._save()
            messages.success(request, self._act(act))
        except Refused as refused:
            messages.error(request, refusal_text(refused))
        return redirect("mailings:experiment", pk=self.mailing.pk)

    def _save(self) -> HttpResponse:
        form = ExperimentForm(self.request.POST, mailing=self.mailing)
        if form.is_valid():
            try:
                editing.save_experiment(mailing=self.mailing, planned=form.planned())
            except ValidationError as error:
                form.add_error(None, ValidationError(error.messages))
            else:
                messages.success(self.request, _("The experiment is saved."))
                return redirect("mailings:experiment", pk=self.mailing.pk)
        return self.render_to_response(self.get_context_data(form=form))

    def _act(self, act: str) -> str:
        if act == "remove" and editing.remove_experiment(self.mailing):
            return _("The experiment is removed.")
        number = row_id(self.request.POST.get("variant", ""))
        if act != "choose" or number is None or self.run is None:
            raise Http404
        choose(run_id=self.run.pk, number=number, actor=self.actor.email)
        return _("The other recipients get the variant that you chose.")


def _rows() -> Any:
    rows = Mailing.objects.filter(archived_at=None, kind=Mailing.Kind.MAILING)
    return listed(rows.select_related("message", "owner"))

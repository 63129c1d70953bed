"""The pages that bring lists in: choose, look, watch, undo."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.generic import TemplateView, View

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin, TwoTemplatesMixin
from apps.core.models import OwnedQuerySet
from apps.core.paging import by_key
from apps.mailings.forms.imports import MappingForm, SourceForm
from apps.mailings.models import RecipientImport
from apps.mailings.services import imports
from apps.mailings.views.recipients import removed_words
from apps.users.models import User

ON_A_PAGE = 25
_LOOK_AGAIN = 1000  # milliseconds


def imports_of() -> OwnedQuerySet[RecipientImport]:
    return RecipientImport.objects.select_related("owner")


class ImportStart(LoggingMixin, OwnerFilterMixin, TemplateView):
    """A file or an address, and below it what was brought in before."""

    template_name = "imports/start.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", SourceForm())
        rows = self.visible(imports_of())
        page = by_key(rows, self.request.GET, size=ON_A_PAGE, newest_first=True)
        return super().get_context_data(page=page, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SourceForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                found = self._take(form)
                return redirect("imports:detail", pk=found.pk)
            except Refused as refusal:
                form.add_error(None, str(refusal))
        return render(request, self.template_name, self.get_context_data(form=form), status=422)

    def _take(self, form: SourceForm) -> RecipientImport:
        owner = cast(User, self.request.user)
        upload = form.cleaned_data["file"]
        if upload:
            return imports.receive(owner=owner, upload=upload)
        return imports.fetch(owner=owner, url=form.cleaned_data["url"])


class ImportDetail(TwoTemplatesMixin, LoggingMixin, OwnerFilterMixin, TemplateView):
    """One import: its columns before it starts, its progress, its result. POST starts it."""

    page_template = "imports/detail.html"
    part_template = "imports/progress.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = self.visible_or_404(imports_of(), pk=self.kwargs["pk"])
        editable = found.owner_id == self.actor.pk
        at_work = found.state in ("queued", "running")
        context: dict[str, Any] = {
            "found": found,
            "editable": editable,
            "rows": imports.rows_read(found),
            "poll_every": _LOOK_AGAIN if at_work else 0,
        }
        if editable and found.state in ("uploaded", "failed"):
            context |= self._choice(found, kwargs.get("form"))
        return super().get_context_data(**{**context, **kwargs})

    def _choice(self, found: RecipientImport, form: MappingForm | None) -> dict[str, Any]:
        try:
            look = imports.look_into(found)
        except Refused as refusal:
            return {"refusal": str(refusal)}
        form = form or MappingForm(look=look)
        return {"look": look, "form": form, "columns": list(zip(form.columns(), look.columns))}

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.editable_or_403(imports_of(), pk=pk)
        try:
            form = MappingForm(request.POST, look=imports.look_into(found))
            if not form.is_valid():
                context = self.get_context_data(form=form)
                return render(request, self.page_template, context, status=422)
            self._start(found, form)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("imports:detail", pk=pk)

    def _start(self, found: RecipientImport, form: MappingForm) -> None:
        options = {
            "tags": form.tag_list(),
            "update": form.cleaned_data["update"],
            "dry_run": form.cleaned_data["dry_run"],
            "language": get_language() or "ru",
        }
        imports.start(found=found, mapping=form.mapping(), options=options, now=timezone.now())


class ImportRejects(OwnerFilterMixin, View):
    """The rows that were not taken, with line and reason."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        found = self.visible_or_404(imports_of(), pk=pk)
        if not found.rejects:
            raise Http404
        name = f"rejected-{found.pk}.csv"
        return FileResponse(
            found.rejects.open("rb"), as_attachment=True, filename=name, content_type="text/csv"
        )


class ImportUndo(LoggingMixin, OwnerFilterMixin, View):
    """Takes out again whom an import added."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.editable_or_403(imports_of(), pk=pk)
        try:
            removed = imports.undo(found=found, now=timezone.now())
            messages.success(request, removed_words(removed))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("imports:detail", pk=pk)

"""The pages that bring lists in: choose, look, watch, undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View
from django_htmx.http import HttpResponseClientRefresh

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.contracts import Actor
from apps.core.errors import Refused
from apps.core.exports.tables import table_response
from apps.core.http.costly import CostlyMixin
from apps.core.lists.filters import FilterForm
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import (
    HtmxLoginRequiredMixin,
    LoggingMixin,
    OwnerFilterMixin,
    TwoTemplatesMixin,
    wants_fragment,
)
from apps.core.models import OwnedQuerySet
from apps.core.resources import DiskFull
from apps.mailings.fields import Target
from apps.mailings.forms.imports import (
    MappingForm,
    ReadingForm,
    SourceForm,
    chosen_before,
    offered_by,
)
from apps.mailings.importing.files.read_options import ReadOptions, delimiter_word
from apps.mailings.importing.profiles import recognised
from apps.mailings.importing.reject_reasons import in_short
from apps.mailings.importing.sources.contract import SourceRefused
from apps.mailings.models import MailingList, RecipientImport
from apps.mailings.recipient_export import sample_list
from apps.mailings.services.importing import files, imports, page_imports, sources
from apps.mailings.services.permission.lists import StatementMissing
from apps.mailings.views.recipient_bulk import removed_words
from apps.users.models import User

_LOOK_AGAIN = 1000  # milliseconds
#: Rejected rows that the page itself shows.
SHOWN = 20
#: Lists that the form offers.
_MOST_LISTS = 500
#: What is not said by 422.
_STATUS: dict[type[Refused], int] = {
    files.ImportTooLarge: 413,
    DiskFull: 507,
    SourceRefused: 409,
}


def imports_of() -> OwnedQuerySet[RecipientImport]:
    return RecipientImport.objects.select_related("owner")


class ImportStart(LoggingMixin, OwnerFilterMixin, ListPage[RecipientImport, FilterForm]):
    """A file, an address or a source, and below it what was brought in before."""

    page_template = results_template_name = "imports/start.html"
    filter_form = FilterForm
    size = 25

    def get_table_columns(self) -> Sequence[TableColumn]:
        owner = TableColumn(name="owner", label=_("Owner"), sort="owner__email", phone="")
        return [
            TableColumn(name="source", label=_("Source"), sort="source", phone="lead"),
            TableColumn(name="status", label=_("Status"), sort="state", phone="side"),
            TableColumn(name="added", label=_("Added"), number=True, sort="added"),
            TableColumn(name="updated", label=_("Updated"), number=True, sort="updated"),
            TableColumn(name="unchanged", label=_("Unchanged"), number=True, shown=False),
            TableColumn(name="suppressed", label=_("Suppressed"), number=True, shown=False),
            TableColumn(name="rejected", label=_("Rejected"), number=True, sort="rejected"),
            TableColumn(name="when", label=_("When"), sort="pk"),
            *([owner] if self.actor.sees_all else []),
        ]

    def get_queryset(self) -> OwnedQuerySet[RecipientImport]:
        return self.visible(imports_of())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        names = [one.name for one in sources.sources_for(self.actor)]
        kwargs.setdefault("form", SourceForm(sources=names))
        kwargs["sources"] = names
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        names = [one.name for one in sources.sources_for(self.actor)]
        form, status = SourceForm(request.POST, request.FILES, sources=names), 422
        if form.is_valid():
            try:
                found = self._take(form)
                return redirect("imports:detail", pk=found.pk)
            except Refused as refusal:
                form.add_error(None, str(refusal))
                status = _STATUS.get(type(refusal), 422)
        return render(request, self.page_template, self.get_context_data(form=form), status=status)

    def _take(self, form: SourceForm) -> RecipientImport:
        owner = cast(User, self.request.user)
        if name := form.cleaned_data["source"]:
            return sources.pull_soon(owner=owner, name=name)
        upload = form.cleaned_data["file"]
        if not upload:
            return files.fetch(owner=owner, url=form.cleaned_data["url"])
        found = files.receive(owner=owner, upload=upload)
        if not found.preview:
            _look_or_discard(found)
        return found


def _look_or_discard(found: RecipientImport) -> None:
    try:
        files.preview_soon(found)
    except Refused:
        files.discard(found=found)
        raise


class ImportDetail(TwoTemplatesMixin, LoggingMixin, OwnerFilterMixin, TemplateView):
    """One import: its columns before it starts, its progress, its result.

    POST starts it, or with ``act=read`` looks into the file once more, in another way.
    """

    page_template = "imports/detail.html"
    results_template_name = "imports/progress.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = self.visible_or_404(imports_of(), pk=self.kwargs["pk"])
        editable = found.owner_id == self.actor.pk
        at_work = found.state in ("reading", "queued", "running")
        context: dict[str, Any] = {
            "found": found,
            "editable": editable,
            "rows": page_imports.rows_read(found),
            "poll_every": _LOOK_AGAIN if at_work else 0,
            "step": 1 if found.state == "reading" else 2 if found.can_start else 3,
        }
        if editable and found.can_start:
            context |= self._choice(found)
        context |= _result(found)
        if found.rejects:
            context["reject_header"], context["rejects"] = imports.first_rejected(found, SHOWN)
        return super().get_context_data(**{**context, **kwargs})

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        context = self.get_context_data(**kwargs)
        found = context["found"]
        if wants_fragment(request) and (found.can_start or found.state == "failed"):
            return HttpResponseClientRefresh()  # now the whole page has more to show
        return self.render_to_response(context)

    def _choice(self, found: RecipientImport) -> dict[str, Any]:
        preview = files.FilePreview.of(found)
        if preview is None:
            return {}
        reading = ReadingForm(preview=preview, reading=ReadOptions.of(found.reading))
        known = recognised(preview.header)
        chosen = chosen_before(found, preview)
        if known is not None and self.request.GET.get("profile") == known.name:
            chosen |= offered_by(known, preview)
        form = self._mapping_form(preview, initial=chosen)
        return {
            "look": preview,
            "reading": reading,
            "form": form,
            "delimiter": delimiter_word(preview.delimiter),
            "countable": imports.can_be_counted(found),
            "profile": known,
            "profile_used": self.request.GET.get("profile", ""),
            **_columns(form, preview),
            # What a text says is known at once; a workbook is asked for by the page.
            **(_counts(found, form) if preview.encoding else {}),
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.editable_or_403(imports_of(), pk=pk)
        preview = files.FilePreview.of(found)
        try:
            if preview is None or not found.file:
                raise page_imports.ImportBusy(_("This import has been started already."))
            if request.POST.get("act") == "read":
                return self._read_again(found, preview)
            form = self._mapping_form(preview, request.POST)
            if not self._is_usable(form, found):
                context = self.get_context_data(form=form, **_columns(form, preview))
                return render(request, self.page_template, context, status=422)
            self._start(found, form)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("imports:detail", pk=pk)

    def _mapping_form(self, preview: files.FilePreview, *args: Any, **kwargs: Any) -> MappingForm:
        return MappingForm(*args, preview=preview, lists=lists_of(self.actor), **kwargs)

    def _is_usable(self, form: MappingForm, found: RecipientImport) -> bool:
        if not form.is_valid():
            return False
        try:
            files.check_columns(found, form.mapping())
            imports.check_lists(
                owner=self.actor,
                mapping=form.mapping(),
                list_id=form.present_list(),
                statement=form.cleaned_data["statement"],
            )
        except StatementMissing as refusal:
            form.add_error("statement", str(refusal))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        return not form.errors

    def _read_again(self, found: RecipientImport, preview: files.FilePreview) -> HttpResponse:
        now = ReadOptions.of(found.reading)
        form = ReadingForm(self.request.POST, preview=preview, reading=now)
        if not form.is_valid():
            context = self.get_context_data(reading=form)
            return render(self.request, self.page_template, context, status=422)
        files.read_again(found=found, reading=form.options())
        return redirect("imports:detail", pk=found.pk)

    def _start(self, found: RecipientImport, form: MappingForm) -> None:
        options = {
            "tags": form.tag_list(),
            "update": form.cleaned_data["update"],
            "dry_run": form.cleaned_data["dry_run"],
            "list": form.present_list(),
            "statement": form.cleaned_data["statement"].strip(),
            "language": get_language() or "ru",
        }
        if form.cleaned_data["consent"]:
            options["consent"] = {"by": self.actor.pk, "at": timezone.now().isoformat()}
        page_imports.start(found=found, mapping=form.mapping(), options=options, now=timezone.now())


def lists_of(actor: Actor) -> list[tuple[int, str]]:
    """The lists to which somebody may import, by their titles."""
    rows = MailingList.objects.editable_by(actor).filter(archived_at=None)
    return list(rows.values_list("pk", "title")[:_MOST_LISTS])


def _columns(form: MappingForm, preview: files.FilePreview) -> dict[str, Any]:
    """The selects beside what the columns hold."""
    return {"columns": list(zip(form.columns(), preview.columns, strict=True))}


def _result(found: RecipientImport) -> dict[str, Any]:
    """Why rows were rejected and values not taken, in words, and who stated a consent when.

    ``asks``: rows may have said that a confirmation is open.
    """
    consent = found.options.get("consent")
    fields = [str(one) for one in found.options.get("mapping", {}).values()]
    return {
        "asks": found.state == "done" and any(one.endswith(Target.STATUS) for one in fields),
        "rejected_words": in_short(found.options.get("reasons", {})),
        "warned_words": in_short(found.options.get("warnings", {})),
        "consent_at": parse_datetime(consent["at"]) if consent else None,
        "missing": found.options.get("missing", 0),
        "missing_tag": sources.missing_tag_of(found),
    }


def _counts(found: RecipientImport, form: MappingForm) -> dict[str, Any]:
    """What the import would do as the form stands, or the sentence that says why nothing."""
    if not imports.can_be_counted(found):
        return {}
    mapping, update = form.present_mapping(), form.present_update()
    try:
        return {
            "counts": imports.count_rows(
                found=found,
                mapping=mapping,
                update=update,
                now=timezone.now(),
                list_id=form.present_list(),
                statement=form.present_statement(),
            )
        }
    except Refused as refusal:
        return {"uncounted": str(refusal)}


class ImportCounts(CostlyMixin, OwnerFilterMixin, TemplateView):
    """What the import would do with the columns as they are chosen now, as a part of its page.

    Nothing is shown when it has started since: the page that asks is being left.
    """

    template_name = "imports/counts.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = self.editable_or_403(imports_of(), pk=self.kwargs["pk"])
        preview = files.FilePreview.of(found)
        if preview is None or not found.can_start:
            return HttpResponse(status=204)
        form = MappingForm(request.GET, preview=preview, lists=lists_of(self.actor))
        return self.render_to_response(
            self.get_context_data(found=found, **_counts(found, form), **kwargs)
        )


class ImportSample(HtmxLoginRequiredMixin, View):
    """A small list to try out, and to copy."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponseBase:
        header, rows = sample_list()
        return table_response(form="csv", name="vestnik", header=header, rows=rows, asked=None)


class ImportDiscard(LoggingMixin, OwnerFilterMixin, View):
    """Throws away a file that has not been imported, and leads to the choice of another one."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.editable_or_403(imports_of(), pk=pk)
        try:
            files.discard(found=found)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("imports:detail", pk=pk)
        return redirect("imports:start")


class ImportRejects(OwnerFilterMixin, View):
    """The rows that were not taken, with line and reason."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        found = self.visible_or_404(imports_of(), pk=pk)
        if not found.rejects:
            raise Http404
        name = f"rejected-{found.pk}.csv"
        record(Act.EXPORTED, Object(found._meta.label_lower, found.pk, name))
        return FileResponse(
            found.rejects.open("rb"), as_attachment=True, filename=name, content_type="text/csv"
        )


class ImportUndo(LoggingMixin, OwnerFilterMixin, View):
    """Removes again the recipients an import added."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.editable_or_403(imports_of(), pk=pk)
        try:
            removed = page_imports.undo(found=found, now=timezone.now())
            messages.success(request, removed_words(removed))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("imports:detail", pk=pk)

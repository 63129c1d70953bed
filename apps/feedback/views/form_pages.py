"""An owner's sign-up forms: the list, the editor with its preview, and what is done to a form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.generic import CreateView, TemplateView, UpdateView, View

from apps.core.errors import Refused
from apps.core.lists.filters import ChoiceFilter, FilterForm, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnedFormMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.core.text.formatting import refusal_text
from apps.feedback.forms import PublicForm
from apps.mailings.forms.permission.signup_forms import SignupFormForm
from apps.mailings.models import MailingList, SignupForm
from apps.mailings.services.permission.forms import SignupFormService, close, publish, shown_of


class FormFilters(FilterForm):
    """What the list of forms is asked for."""

    q = WordsFilter(longest=80, label=gettext_lazy("Form"))
    state = ChoiceFilter(
        [("", gettext_lazy("any state")), *SignupForm.State.choices], label=gettext_lazy("State")
    )


class FormList(OwnerFilterMixin, ListPage[SignupForm, FormFilters]):
    """One's own forms with their figures, newest first."""

    page_template = "forms/list.html"
    results_template_name = "forms/list_results.html"
    filter_form = FormFilters

    def get_table_columns(self) -> Sequence[TableColumn]:
        figures = [
            ("received", _("Received")),
            ("confirmed", _("Confirmed")),
            ("waiting", _("Waiting")),
            ("held", _("Held")),
        ]
        owner = TableColumn(name="owner", label=_("Owner"), sort="owner__email", phone="")
        return [
            TableColumn(name="title", label=_("Form"), sort="title", phone="lead"),
            TableColumn(name="state", label=_("State"), sort="state", phone="side"),
            *(
                TableColumn(name=name, label=label, number=True, sort=f"counts__{name}")
                for name, label in figures
            ),
            *([owner] if self.actor.sees_all else []),
            TableColumn(name="added", label=_("Added"), sort="pk", phone=""),
        ]

    def get_queryset(self) -> OwnedQuerySet[SignupForm]:
        rows = self.visible(SignupFormService(self.actor).rows())
        if query := self.filters.value("q"):
            rows = rows.filter(title__icontains=query)
        if state := self.filters.value("state"):
            rows = rows.filter(state=state)
        return rows.select_related("owner", "counts")


class _FormForm(LoggingMixin, OwnedFormMixin):
    """The editor. It saves; people see the change when it is published."""

    rows = SignupForm.objects.filter(archived_at=None)

    def form_valid(self, form: Any) -> HttpResponse:
        if form.instance.pk is not None and form.stale and (found := form.differences()):
            return self.show_conflict(form, found)
        form.instance.owner = self.request.user
        service = SignupFormService(self.actor)
        try:
            saved = service.save(form.instance, lists=list(form.cleaned_data["lists"]))
            if "publish" in self.request.POST:
                publish(form=saved, now=timezone.now())
                messages.success(self.request, _("Published."))
            else:
                messages.success(self.request, _("Saved."))
        except ValidationError as error:
            form.add_error(None, error.messages)
            return cast(HttpResponse, cast(Any, self).form_invalid(form))
        except Refused as refusal:
            messages.error(self.request, refusal_text(refusal))
        return redirect("forms:detail", pk=form.instance.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = cast(Any, self).object
        context: dict[str, Any] = super().get_context_data(  # type: ignore[misc]
            **{
                "heading": found.title if found else _("New sign-up form"),
                "back_url": (
                    reverse("forms:detail", args=[found.pk]) if found else reverse("forms:list")
                ),
                "no_lists": not MailingList.objects.visible_to(self.actor).exists(),
                **(preview_of(found) if found else {}),
                **kwargs,
            }
        )
        return context


class FormCreate(_FormForm, CreateView[SignupForm, SignupFormForm]):
    """A new form, which is a draft."""

    template_name = "forms/form.html"
    form_class = SignupFormForm


class FormEdit(_FormForm, UpdateView[SignupForm, SignupFormForm]):
    """A change of a form."""

    template_name = "forms/form.html"
    form_class = SignupFormForm


class FormPreview(OwnerFilterMixin, TemplateView):
    """The form as it is being written, without having been saved; for htmx."""

    template_name = "forms/preview.html"
    http_method_names = ["post"]
    #: Repeated at will: nothing is carried out.
    only_shows = True

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SignupFormForm(request.POST, instance=SignupForm(), owner=request.user)
        form.is_valid()
        draft = form.instance
        draft.owner, draft.title = request.user, form.cleaned_data.get("title") or "…"
        lists = list(form.cleaned_data.get("lists") or [])
        return self.render_to_response(preview_of(draft, lists))


def preview_of(form: SignupForm, lists: list[MailingList] | None = None) -> dict[str, Any]:
    """What a form would show now, in the page's language if it has that."""
    shown = shown_of(form, lists)
    languages = sorted(shown["languages"])
    if not languages:
        return {"preview": None}
    language = get_language() or ""
    language = language if language in languages else languages[0]
    with override(language):
        fields = PublicForm(shown, language, prefix="preview")
        return {"preview": fields, "preview_texts": fields.texts, "preview_language": language}


class _FormAct(LoggingMixin, OwnerFilterMixin, View, ABC):
    """An act on one's own form."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = SignupFormService(self.actor).editable_or_403(pk)
        try:
            messages.success(request, self.act(form))
        except Refused as refusal:
            messages.error(request, refusal_text(refusal))
        return redirect("forms:detail", pk=pk)

    @abstractmethod
    def act(self, form: SignupForm) -> str:
        """Carry it out, and say what was done."""


class FormPublish(_FormAct):
    """Opens a form with what it shows now."""

    def act(self, form: SignupForm) -> str:
        publish(form=form, now=timezone.now())
        return _("Published.")


class FormClose(_FormAct):
    """Takes no more sign-ups."""

    def act(self, form: SignupForm) -> str:
        close(form=form)
        return _("The form is closed.")


class FormDelete(LoggingMixin, OwnerFilterMixin, View):
    """Deletes a form that was never published, and archives any other."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        service = SignupFormService(self.actor)
        deleted = service.remove(service.editable_or_403(pk), now=timezone.now())
        text = _("Form deleted.") if deleted else _("Form closed and archived.")
        messages.success(request, text)
        return redirect("forms:list")

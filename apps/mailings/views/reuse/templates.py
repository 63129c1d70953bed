"""The pages of templates: the list, one of them, and a message that becomes one."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from apps.core.errors import DomainError, Refused
from apps.core.lists.filters import FilterForm, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.permissions import NOT_YOURS
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.letters.template_form import TemplateForm
from apps.mailings.gallery.reading import CATEGORIES
from apps.mailings.models import Message, MessageTemplate
from apps.mailings.models.content import content_of
from apps.mailings.models.letters.templates import TemplateQuerySet
from apps.mailings.selectors.letters.templates import shown_templates, templates_like
from apps.mailings.services.languages.translations import translations_of
from apps.mailings.services.letters.previews import template_sample
from apps.mailings.services.letters.reuse.originals import copy_of
from apps.mailings.services.letters.reuse.templates import (
    About,
    describe_template,
    make_template,
    may_change,
    may_publish,
    remove_template,
)
from apps.mailings.views.previews import Frame
from apps.users.models import User


class TemplateFilters(FilterForm):
    """What the list of templates is asked for."""

    q = WordsFilter(longest=200, label=gettext_lazy("Name or description"))


class TemplateList(OwnerFilterMixin, ListPage[MessageTemplate, TemplateFilters]):
    """One's own and those for everybody, as they look, newest first."""

    page_template = "reuse/templates.html"
    results_template_name = "reuse/templates_results.html"
    filter_form = TemplateFilters
    size = 24

    def get_queryset(self) -> TemplateQuerySet:
        return templates_like(shown_templates().visible_to(self.actor), self.filters.value("q"))


class _OneTemplate(OwnerFilterMixin):
    kwargs: dict[str, Any]

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def template(self) -> MessageTemplate:
        """One to look at."""
        found = self.visible_or_404(MessageTemplate.objects.all(), pk=self.kwargs["pk"])
        return cast(MessageTemplate, found)

    def changeable(self) -> MessageTemplate:
        """One to be changed; PermissionDenied when it is not this user's to change."""
        template = self.template()
        if not may_change(template, self.user):
            raise PermissionDenied(NOT_YOURS)
        return template


class TemplateEdit(LoggingMixin, _OneTemplate, TemplateView):
    """How it looks and what is said of it; POST changes that."""

    template_name = "reuse/template.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        template = self.template()
        said = {name: getattr(template, name) for name in ("name", "description", "category")}
        kwargs.setdefault("form", TemplateForm(initial=said))
        return super().get_context_data(
            template=template,
            editable=may_change(template, self.user),
            category=CATEGORIES.get(template.category, ""),
            usable=template.owner_id in (None, self.actor.pk),
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        template, form = self.changeable(), TemplateForm(request.POST)
        if form.is_valid():
            try:
                describe_template(actor=self.user, template=template, **form.cleaned_data)
            except ValidationError as error:
                form.add_error("name", error.messages)
            else:
                flash.success(request, _("Saved."))
                return redirect("templates:edit", pk=pk)
        return self.render_to_response(self.get_context_data(form=form), status=422)


class TemplateContent(LoggingMixin, _OneTemplate, View):
    """Leads to the editor of the template."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            message = copy_of(self.changeable(), self.user)
        except Refused as refusal:
            flash.error(request, refusal_text(refusal))
            return redirect("templates:edit", pk=pk)
        return redirect("messages:edit", pk=message.pk)


class TemplateFrame(_OneTemplate, Frame):
    """The template as a message of the viewer's would begin."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        context: dict[str, Any] = {}
        try:
            context["shown"] = template_sample(self.template(), self.actor.pk)
        except DomainError as refusal:
            context["refusal"] = refusal_text(refusal)
        return render(request, "messages/letter/frame.html", context)


class TemplateDelete(LoggingMixin, _OneTemplate, TemplateView):
    """Asks before a template goes."""

    template_name = "delete_page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        template = self.changeable()
        stays = _("Messages that were begun from it stay as they are.")
        return super().get_context_data(
            heading=_("Delete this template?"),
            object=template,
            consequences=[stays],
            back_url=reverse("templates:edit", args=[template.pk]),
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        remove_template(actor=self.user, template=self.changeable())
        flash.success(request, _("Deleted."))
        return redirect("templates:list")


class MessageAsTemplate(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Saves a message of blocks, as it is saved, as a template."""

    template_name = "reuse/save_template.html"

    def _message(self) -> Message:
        rows = Message.objects.filter(archived_at=None)
        message = self.editable_or_403(rows, pk=self.kwargs["pk"])
        if message.document is None or message.is_copy:
            raise Http404
        return message

    def _form(self, message: Message, data: Any = None) -> TemplateForm:
        publishes = may_publish(cast(User, self.request.user))
        return TemplateForm(data, publishes=publishes, initial={"name": message.title})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        message = self._message()
        kwargs.setdefault("form", self._form(message))
        return super().get_context_data(message=message, **kwargs)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self._message()
        form = self._form(message, request.POST)
        if form.is_valid():
            about = About(**form.cleaned_data)
            try:
                template = make_template(
                    author=cast(User, request.user),
                    about=about,
                    content=content_of(message),
                    translations=translations_of(message),
                )
            except ValidationError as error:
                form.add_error("name", error.messages)
            except Refused as refusal:
                form.add_error(None, refusal_text(refusal))
            else:
                flash.success(request, _("Template saved."))
                return redirect("templates:edit", pk=template.pk)
        return self.render_to_response(self.get_context_data(form=form), status=422)

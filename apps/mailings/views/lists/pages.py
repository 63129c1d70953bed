"""The page of all lists, and the forms that make, change and archive one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import CreateView, FormView, TemplateView, UpdateView, View

from apps.core.errors import Refused
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnedFormMixin, OwnerFilterMixin
from apps.core.paging import KeysetPage, SortKey, sorted_page
from apps.mailings.forms.permission.lists import ListForm, TaggedForm
from apps.mailings.links import preferences_url
from apps.mailings.models import MailingList
from apps.mailings.selectors.permission.lists import ListFilters, found_lists, with_figures
from apps.mailings.selectors.recipients import tags_of
from apps.mailings.services.permission.lists import ListService, subscribe_tagged

_COLUMNS = (
    TableColumn(name="title", label=gettext_lazy("List"), sort="title", phone="lead"),
    TableColumn(
        name="subscribed",
        label=gettext_lazy("Subscribed"),
        number=True,
        sort="subscribed",
        phone="side",
    ),
    TableColumn(
        name="unconfirmed", label=gettext_lazy("Unconfirmed"), number=True, sort="unconfirmed"
    ),
    TableColumn(
        name="unsubscribed", label=gettext_lazy("Unsubscribed"), number=True, sort="unsubscribed"
    ),
    TableColumn(name="growth", label=gettext_lazy("30 days"), number=True, sort="growth"),
    TableColumn(name="visibility", label=gettext_lazy("Visibility"), phone=""),
    TableColumn(name="added", label=gettext_lazy("Added"), sort="pk", phone=""),
)


class MailingLists(OwnerFilterMixin, ListPage[MailingList, ListFilters]):
    """All lists with how many are on each, in the order that subscribers see."""

    page_template = "lists/list.html"
    results_template_name = "lists/list_results.html"
    filter_form = ListFilters

    def get_table_columns(self) -> Sequence[TableColumn]:
        owner = TableColumn(name="owner", label=_("Owner"), sort="owner__email")
        return [*_COLUMNS, *([owner] if self.actor.sees_all else [])]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(preferences_url=preferences_url(self.actor.pk), **kwargs)

    def get_queryset(self) -> QuerySet[MailingList]:
        rows = found_lists(self.visible(MailingList.objects.all()), self.filters)
        rows = rows.select_related("owner") if self.page_table.shows("owner") else rows
        return with_figures(rows, timezone.now())

    def get_page(self) -> KeysetPage[MailingList]:
        if self.page_table.order:
            return super().get_page()
        key = SortKey("title", "title")
        return sorted_page(self.get_queryset(), self.request.GET, size=self.size, key=key)


class _ListForm(LoggingMixin, OwnedFormMixin):
    rows = MailingList.objects.all()

    def form_valid(self, form: ListForm) -> HttpResponse:
        try:
            return super().form_valid(form)
        except Refused as refusal:  # the title is another list's
            form.add_error("title", str(refusal))
            return cast(HttpResponse, cast(Any, self).form_invalid(form))

    def get_success_url(self) -> str:
        messages.success(self.request, _("Saved."))
        saved: MailingList = cast(Any, self).object
        return reverse("lists:detail", args=[saved.pk])


class ListCreate(_ListForm, CreateView[MailingList, ListForm]):
    """A new list of one's own."""

    model = MailingList
    form_class = ListForm
    template_name = "lists/form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse("lists:list")
        return super().get_context_data(heading=_("New list"), back_url=back, **kwargs)


class ListEdit(_ListForm, UpdateView[MailingList, ListForm]):
    """Changes one's own list."""

    model = MailingList
    form_class = ListForm
    template_name = "lists/form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse("lists:detail", args=[self.object.pk])
        heading = f"{self.object.title} (id:{self.object.pk})"
        return super().get_context_data(heading=heading, back_url=back, **kwargs)


class ListArchive(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Asks before a list is put away with its members, or deleted when nobody was ever on it."""

    template_name = "delete_page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing_list = ListService(self.actor).editable_or_403(self.kwargs["pk"])
        return super().get_context_data(
            heading=_("Archive this list?"),
            object=mailing_list,
            consequences=[
                _("Nobody can subscribe to it any more, and no new mailing can be sent to it."),
                _("Its subscriptions and consents are kept. It can be restored at any time."),
            ],
            archives=True,
            back_url=reverse("lists:detail", args=[mailing_list.pk]),
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mine = ListService(self.actor)
        try:
            deleted = mine.remove(mine.editable_or_403(pk), now=timezone.now())
        except Refused as refusal:
            return self.render_to_response(self.get_context_data(refused=str(refusal)), status=409)
        if deleted:
            messages.success(request, _("Nobody was ever on this list: it was deleted."))
        else:
            undo = reverse("lists:restore", args=[pk])
            messages.success(request, _("List archived."), extra_tags=undo)
        return redirect("lists:list")


class ListRestore(LoggingMixin, OwnerFilterMixin, View):
    """Takes a list out of the archive."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mine = ListService(self.actor)
        try:
            mine.restore(mine.editable_or_403(pk))
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Restored from the archive."))
        return redirect("lists:detail", pk=pk)


class ListFromTag(LoggingMixin, OwnerFilterMixin, FormView[TaggedForm]):
    """Puts everybody with a tag on a list, by a statement of the owner."""

    template_name = "lists/from_tag.html"
    form_class = TaggedForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "actor": self.actor}

    def get_initial(self) -> dict[str, Any]:
        return {"tag": self.request.GET.get("tag", "")[:80]}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            heading=_("Make a list of a tag"),
            back_url=reverse("lists:list"),
            submit_label=_("Subscribe these people"),
            tags=[tag.name for tag in tags_of(self.actor)],
            **kwargs,
        )

    def form_valid(self, form: TaggedForm) -> HttpResponse:
        given = form.cleaned_data
        mailing_list = given["existing"]
        try:
            if mailing_list is None:
                title = given["title"] or given["tag"].name
                fresh = MailingList(owner_id=self.actor.pk, title=title)
                mailing_list = ListService(self.actor).save(fresh)
            count = subscribe_tagged(
                tag=given["tag"],
                list=mailing_list,
                statement=given["statement"],
                actor=self.actor,
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error("title", str(refusal))
            return self.form_invalid(form)
        text = ngettext("%(count)s person subscribed.", "%(count)s people subscribed.", count)
        messages.success(self.request, text % {"count": count})
        return redirect("lists:detail", pk=mailing_list.pk)

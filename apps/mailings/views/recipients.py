"""The pages of recipients: list, one of them, the form, and acts on many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import CreateView, TemplateView, UpdateView, View

from apps.core.exports.tables import Cell
from apps.core.http.costly import CostlyMixin
from apps.core.lists.page import ListPage
from apps.core.mixins import LoggingMixin, OwnedFormMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.core.paging import keyset_page, row_ids
from apps.mailings.forms.recipients import RecipientForm, tag_names
from apps.mailings.models import Channel, Recipient, Suppression
from apps.mailings.models.audience import ADDRESS
from apps.mailings.recipient_export import worded_table_of
from apps.mailings.selectors.recipient_search import Search
from apps.mailings.selectors.recipients import (
    RecipientFilters,
    count_of,
    found_recipients,
    history_of,
    suppressions_of,
    tags_of,
    with_state,
)
from apps.mailings.services import recipients as audience
from apps.mailings.services import suppressions

#: The most recipients that can be ticked one by one for an act.
TICKED: Final = 10_000


def recipients() -> OwnedQuerySet[Recipient]:
    return Recipient.objects.all()


class RecipientList(OwnerFilterMixin, ListPage[Recipient, RecipientFilters]):
    """A table, newest first, with search and filters."""

    page_template = "recipients/list.html"
    results_template_name = "recipients/list_results.html"
    filter_form = RecipientFilters
    export_name = "recipients"

    def is_costly(self, request: HttpRequest) -> bool:
        return super().is_costly(request) or request.GET.get("all") == "1"

    @cached_property
    def search(self) -> Search:
        """What was found, and whether everything was looked through."""
        return found_recipients(self.visible(recipients()), self.filters)

    def get_queryset(self) -> OwnedQuerySet[Recipient]:
        return with_state(self.search.rows).prefetch_related("tags")

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        found = worded_table_of(self.search.rows)
        return found.header, found.rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            found=count_of(self.search),
            partly=self.search.partly,
            tags=tags_of(self.actor, chosen=self.filters.written["tag"]),
            states=[
                ("", _("Active")),
                ("suppressed", _("Suppressed")),
                ("archived", _("archived")),
                ("all", _("All")),
            ],
            **kwargs,
        )


class RecipientDetail(OwnerFilterMixin, TemplateView):
    """Everything that is known of one recipient, and what was sent there."""

    template_name = "recipients/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = recipients().select_related("owner")
        recipient = self.visible_or_404(rows, pk=self.kwargs["pk"])
        return super().get_context_data(
            recipient=recipient,
            tags=recipient.tags.all(),
            suppressions=(stops := list(suppressions_of(recipient))),
            open_channels=open_channels(recipient, stops),
            page=keyset_page(history_of(recipient), self.request.GET, size=25, newest_first=True),
            editable=recipient.owner_id == self.actor.pk,
            **kwargs,
        )


def open_channels(recipient: Recipient, stops: list[Suppression]) -> list[tuple[str, str]]:
    """The kinds of address that this recipient has and that may be written to, with their names."""
    closed = {stop.channel for stop in stops}
    return [
        (channel.value, str(channel.label))
        for channel in Channel
        if channel.value not in closed and getattr(recipient, ADDRESS[channel.value])
    ]


class _RecipientForm(LoggingMixin, OwnedFormMixin):
    rows = Recipient.objects.all()

    def get_success_url(self) -> str:
        messages.success(self.request, _("Saved."))
        recipient: Recipient = cast(Any, self).object
        return reverse("recipients:detail", args=[recipient.pk])


class RecipientCreate(_RecipientForm, CreateView[Recipient, RecipientForm]):
    """A new recipient of one's own."""

    model = Recipient
    form_class = RecipientForm
    template_name = "recipients/form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse("recipients:list")
        return super().get_context_data(heading=_("New recipient"), back_url=back, **kwargs)


class RecipientEdit(_RecipientForm, UpdateView[Recipient, RecipientForm]):
    """Changes one's own recipient."""

    model = Recipient
    form_class = RecipientForm
    template_name = "recipients/form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse("recipients:detail", args=[self.object.pk])
        heading = f"{self.object} (id:{self.object.pk})"
        return super().get_context_data(heading=heading, back_url=back, **kwargs)


class RecipientDelete(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Asks, and says whether the history makes it an archiving."""

    template_name = "delete_page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        recipient = self.editable_or_403(recipients(), pk=self.kwargs["pk"])
        archives = history_of(recipient).exists()
        if archives:
            word = _(
                "This recipient has received messages, so it will be archived with its history."
            )
        else:
            word = _("Nothing was ever sent to it: it is deleted for good.")
        back = reverse("recipients:detail", args=[recipient.pk])
        return super().get_context_data(
            heading=_("Archive this recipient?") if archives else _("Delete this recipient?"),
            object=recipient,
            consequences=[word],
            archives=archives,
            back_url=back,
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mine = audience.RecipientService(self.actor)
        if mine.remove(mine.editable_or_403(pk), now=timezone.now()):
            messages.success(request, _("Deleted."))
            return redirect("recipients:list")
        messages.success(request, _("It is in the archive now."))
        return redirect("recipients:detail", pk=pk)


class RecipientRestore(LoggingMixin, OwnerFilterMixin, View):
    """Takes a recipient out of the archive."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mine = audience.RecipientService(self.actor)
        mine.restore(mine.editable_or_403(pk))
        messages.success(request, _("Restored from the archive."))
        return redirect("recipients:detail", pk=pk)


class RecipientBulk(CostlyMixin, LoggingMixin, OwnerFilterMixin, View):
    """One act on the ticked recipients, or on all that the filters find. Only one's own."""

    http_method_names = ["post"]

    def is_costly(self, request: HttpRequest) -> bool:
        return request.POST.get("scope") == "all"

    def post(self, request: HttpRequest) -> HttpResponse:
        acts: dict[str, Callable[[], str]] = {
            "tag": self._tag,
            "untag": self._untag,
            "delete": self._delete,
            "restore": self._restore,
            "suppress": self._suppress,
            "lift": self._lift,
        }
        act = acts.get(request.POST.get("act", ""))
        if act is None:
            raise Http404
        messages.success(request, act())
        return redirect(f"{reverse('recipients:list')}?{RecipientFilters(request.POST).query()}")

    def chosen(self) -> OwnedQuerySet[Recipient]:
        mine = recipients().editable_by(self.actor)
        if self.request.POST.get("scope") == "all":
            return found_recipients(mine, RecipientFilters(self.request.POST)).rows
        return mine.filter(pk__in=row_ids(self.request.POST.getlist("ids")[:TICKED]))

    def _tag(self) -> str:
        names = tag_names(self.request.POST.get("tag_name", ""))
        count = sum(
            audience.add_tag(recipients=self.chosen(), owner_id=self.actor.pk, name=name)
            for name in names
        )
        return ngettext("Tag added to %(count)d.", "Tag added to %(count)d.", count) % {
            "count": count
        }

    def _untag(self) -> str:
        names = tag_names(self.request.POST.get("tag_name", ""))
        count = sum(
            audience.remove_tag(recipients=self.chosen(), owner_id=self.actor.pk, name=name)
            for name in names
        )
        return ngettext("Tag removed from %(count)d.", "Tag removed from %(count)d.", count) % {
            "count": count
        }

    def _delete(self) -> str:
        removed = audience.remove(
            recipients=self.chosen(), owner_id=self.actor.pk, now=timezone.now()
        )
        return removed_words(removed)

    def _restore(self) -> str:
        count = audience.restore_many(
            recipients=self.chosen(), owner_id=self.actor.pk, now=timezone.now()
        )
        text = ngettext(
            "Back from the archive: %(count)d.", "Back from the archive: %(count)d.", count
        )
        return text % {"count": count}

    def _suppress(self) -> str:
        count = suppressions.suppress_many(recipients=self.chosen(), owner_id=self.actor.pk)
        text = ngettext(
            "Suppressed addresses: %(count)d.", "Suppressed addresses: %(count)d.", count
        )
        return text % {"count": count}

    def _lift(self) -> str:
        lifted, left = suppressions.lift_many(recipients=self.chosen(), owner_id=self.actor.pk)
        text = _("Unsuppressed addresses: %(count)d.") % {"count": lifted}
        if left:
            more = _("Still suppressed, by the recipient’s own act or by bounces: %(count)d.")
            text = f"{text} {more % {'count': left}}"
        return text


def removed_words(removed: audience.Removed) -> str:
    """What became of recipients that were to be removed, in words."""
    text = _("Deleted: %(deleted)d. Archived, with their history: %(archived)d.")
    return text % {"deleted": removed.deleted, "archived": removed.archived}

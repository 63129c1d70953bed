"""Acts on many recipients at once: those that were ticked, or all that the filters find."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import View

from apps.core.exports.tables import table_response
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.mailings.forms.recipients import tag_names
from apps.mailings.models import Recipient
from apps.mailings.recipient_export import worded_table_of
from apps.mailings.selectors.recipients import RecipientFilters, chosen_recipients
from apps.mailings.services import recipients as audience
from apps.mailings.services.permission import suppressions


class RecipientBulk(CostlyMixin, LoggingMixin, OwnerFilterMixin, View):
    """One act on the ticked recipients, or on all that the filters find. Only one's own."""

    http_method_names = ["post"]

    def is_costly(self, request: HttpRequest) -> bool:
        return request.POST.get("scope") == "all" or request.POST.get("act") == "export"

    def post(self, request: HttpRequest) -> HttpResponseBase:
        if request.POST.get("act") == "export":
            found = worded_table_of(self.chosen())
            name = "recipients"
            return table_response(form="xlsx", name=name, header=found.header, rows=found.rows)
        acts: dict[str, Callable[[], str]] = {
            "tag": self._tag,
            "untag": self._untag,
            "archive": self._archive,
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
        return chosen_recipients(self.actor, self.request.POST)

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

    def _archive(self) -> str:
        count = audience.archive_many(
            recipients=self.chosen(), owner_id=self.actor.pk, now=timezone.now()
        )
        return ngettext("Archived: %(count)d.", "Archived: %(count)d.", count) % {"count": count}

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
        count = suppressions.suppress_many(
            recipients=self.chosen(), owner_id=self.actor.pk, actor=self.actor.email
        )
        text = ngettext(
            "Suppressed addresses: %(count)d.", "Suppressed addresses: %(count)d.", count
        )
        return text % {"count": count}

    def _lift(self) -> str:
        lifted, left = suppressions.lift_many(
            recipients=self.chosen(), owner_id=self.actor.pk, actor=self.actor.email
        )
        text = _("Unsuppressed addresses: %(count)d.") % {"count": lifted}
        if left:
            more = _("Still suppressed, by the recipient’s own act or by bounces: %(count)d.")
            text = f"{text} {more % {'count': left}}"
        return text


def removed_words(removed: audience.Removed) -> str:
    """What became of recipients that were to be removed, in words."""
    text = _("Deleted: %(deleted)d. Archived, with their history: %(archived)d.")
    return text % {"deleted": removed.deleted, "archived": removed.archived}

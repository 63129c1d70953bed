"""One's public archive, and what is shown in it."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.links import ArchiveForm
from apps.mailings.models import Mailing, PublicArchive
from apps.mailings.services.publishing.archive import (
    archive_url,
    public_urls,
    publish,
    withdraw,
)
from apps.users.models import User

#: Mailings that the page lists: to be taken back, not to be searched.
_MOST = 200


class ArchiveSettings(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Its title and its address, and the mailings in it."""

    template_name = "mailings/archive.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ArchiveForm(request.POST, instance=self._archive(), owner=request.user)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        form.save()
        messages.success(request, _("Saved."))
        return redirect("mailings:archive")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        archive = self._archive()
        kwargs.setdefault("form", ArchiveForm(instance=archive, owner=self.request.user))
        rows = Mailing.objects.editable_by(self.actor).filter(public=True, archived_at=None)
        shown = list(rows[:_MOST])
        urls = public_urls(shown)
        return super().get_context_data(
            url=archive_url(archive) if archive is not None else "",
            shown=[(one, urls.get(one.pk, "")) for one in shown],
            **kwargs,
        )

    def _archive(self) -> PublicArchive | None:
        owner = cast(User, self.request.user)
        return PublicArchive.objects.editable_by(owner).first()


class PublishMailing(LoggingMixin, OwnerFilterMixin, View):
    """Shows a mailing to everybody, or takes it back at once."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = self.editable_or_403(Mailing.objects.filter(archived_at=None), pk=pk)
        try:
            if request.POST.get("public") == "1":
                publish(mailing)
                messages.success(request, _("The mailing is in the public archive."))
            else:
                withdraw(mailing)
                messages.success(request, _("The mailing is no longer in the public archive."))
        except Refused as refusal:
            messages.error(request, refusal_text(refusal))
        if "back" in request.POST:
            return redirect("mailings:archive")
        return redirect("mailings:detail", pk=pk)

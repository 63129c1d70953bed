"""The page on which a copy of a person's data is asked for, and its file."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.permissions import NOT_YOURS
from apps.mailings.models import DataCopy, Recipient
from apps.mailings.services.privacy import personal_data
from apps.mailings.services.privacy.rights import COPY, may
from apps.users.models import User

#: So many copies of one person are named.
_SHOWN = 10


class _CopyMixin(LoggingMixin, OwnerFilterMixin):
    """For the owner, and for a manager with the right to."""

    def copyable_or_403(self, pk: int) -> Recipient:
        recipient = self.visible_or_404(Recipient.objects.all(), pk=pk)
        if not may(cast(User, self.actor), COPY, owner_id=recipient.owner_id):
            raise PermissionDenied(NOT_YOURS)
        return recipient


class CopyPage(_CopyMixin, TemplateView):
    """Has a copy made, and shows those that there are."""

    template_name = "privacy/data.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        recipient, now = self.copyable_or_403(self.kwargs["pk"]), timezone.now()
        copies = DataCopy.objects.filter(recipient=recipient)[:_SHOWN]
        return super().get_context_data(
            recipient=recipient,
            copies=[(copy, personal_data.is_there(copy, now)) for copy in copies],
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        recipient, now = self.copyable_or_403(pk), timezone.now()
        try:
            personal_data.ask_for_copy(recipient=recipient, actor=self.actor.email, now=now)
            messages.success(request, _("The copy is being made. Reload the page in a moment."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("privacy:data", pk=pk)


class CopyFile(_CopyMixin, View):
    """The file of a copy, for a day after it was made. Every download is logged."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        recipient, now = self.copyable_or_403(pk), timezone.now()
        copy = DataCopy.objects.filter(recipient=recipient, pk=number).first()
        if copy is None or not personal_data.is_there(copy, now):
            raise Http404
        content = personal_data.take(copy=copy, actor=self.actor.email, now=now)
        response = HttpResponse(content, content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="recipient-{pk}.zip"'
        return response

"""The files of a message: attach, remove, view."""

from __future__ import annotations

from typing import Any, cast

from csp.constants import NONE
from csp.decorators import csp
from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.generic import View

from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.mailings.attachments import AttachmentMissing, bytes_of
from apps.mailings.models import Attachment, Message
from apps.mailings.services.attachments import attach, detach


class AttachmentAdd(LoggingMixin, OwnerFilterMixin, View):
    """Attaches one file or several."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self.editable_or_403(Message.objects.filter(archived_at=None), pk=pk)
        for upload in request.FILES.getlist("file"):
            try:
                attach(message=message, upload=upload)
            except Refused as refusal:
                flash.error(request, f"{upload.name}: {refusal}")
            else:
                flash.success(request, _("Attached: %(name)s.") % {"name": upload.name})
        return redirect("messages:detail", pk=pk)


class AttachmentRemove(LoggingMixin, OwnerFilterMixin, View):
    """Takes one away from the message."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, attachment_id: int) -> HttpResponse:
        found = self.editable_or_403(living_attachments(), message_id=pk, pk=attachment_id)
        detach(attachment=cast(Attachment, found))
        flash.success(request, _("Attachment removed."))
        return redirect("messages:detail", pk=pk)


@method_decorator(csp({"default-src": [NONE], "sandbox": True}), name="dispatch")
class AttachmentFile(OwnerFilterMixin, View):
    """The file itself, to be saved and never to be run in the site's name."""

    def get(self, request: HttpRequest, pk: int, attachment_id: int) -> HttpResponse:
        found = self.visible_or_404(Attachment.objects.all(), message_id=pk, pk=attachment_id)
        kept = {"name": found.name, "sha256": found.sha256, "size": found.size}
        try:
            data = bytes_of(kept)
        except AttachmentMissing as error:
            raise Http404 from error
        return HttpResponse(
            data,
            content_type=found.content_type,
            headers={"Content-Disposition": content_disposition_header(True, found.name)},
        )


def living_attachments() -> Any:
    """Attachments of messages that are not in the archive."""
    return Attachment.objects.filter(message__archived_at=None)

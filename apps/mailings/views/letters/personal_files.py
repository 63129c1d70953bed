"""The pages of a message's files for each recipient, and of the archives they come from."""

from __future__ import annotations

from typing import Any, cast

from csp.constants import NONE
from csp.decorators import csp
from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView, View

from apps.core.contracts import StagedFile
from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.text.formatting import grouped
from apps.mailings.forms.personal_files import PersonalFileForm
from apps.mailings.models import DeliveryFile, FileArchive, Message, PersonalFile
from apps.mailings.personal_files.store import FileGone, bytes_of
from apps.mailings.selectors.files.personal_files import bad_entries, files_of_message
from apps.mailings.selectors.messages import shown_messages
from apps.mailings.services.personal_files.archives import take_archive
from apps.mailings.services.personal_files.editing import remove_file


def living_files() -> Any:
    """Files of messages that are not in the archive."""
    return PersonalFile.objects.filter(message__archived_at=None).select_related("message")


class PersonalFileList(OwnerFilterMixin, TemplateView):
    """The files that every recipient of the message gets for itself."""

    template_name = "messages/personal_files.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        message = self.visible_or_404(shown_messages(), pk=self.kwargs["pk"])
        files = files_of_message(message)
        return super().get_context_data(
            message=message,
            files=[(one, bad_entries(one.file)) for one in files],
            unpacking=any(not row.is_whole for one in files for row in one.archives),
            editable=message.owner_id == self.actor.pk and message.archived_at is None,
            **kwargs,
        )


class _FileForm(LoggingMixin, OwnerFilterMixin, FormView[PersonalFileForm]):
    form_class = PersonalFileForm
    template_name = "messages/personal_file.html"

    def get_message(self) -> Message:
        return self.editable_or_403(Message.objects.filter(archived_at=None), pk=self.kwargs["pk"])

    def get_file(self) -> PersonalFile | None:
        """The one to be changed; None: a new one."""
        return None

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        return {**kwargs, "message": self.get_message(), "instance": self.get_file()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        file, message = self.get_file(), self.get_message()
        return super().get_context_data(
            heading=(
                _("Change the file for each recipient") if file else _("File for each recipient")
            ),
            back_url=reverse("messages:personal_files", args=[message.pk]),
            message=message,
            object=file,
            **kwargs,
        )

    def form_valid(self, form: PersonalFileForm) -> HttpResponse:
        try:
            form.save()
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        flash.success(self.request, _("Saved."))
        return redirect("messages:personal_files", pk=self.kwargs["pk"])


class PersonalFileAdd(_FileForm):
    """One more file for each recipient."""


class PersonalFileEdit(_FileForm):
    """Changes a file for each recipient. Open runs keep to what they began with."""

    def get_file(self) -> PersonalFile:
        found = self.editable_or_403(
            living_files(), message_id=self.kwargs["pk"], pk=self.kwargs["file_id"]
        )
        return cast(PersonalFile, found)


class PersonalFileRemove(LoggingMixin, OwnerFilterMixin, View):
    """Takes a file for each recipient away from the message, with its archives."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, file_id: int) -> HttpResponse:
        found = self.editable_or_403(living_files(), message_id=pk, pk=file_id)
        try:
            remove_file(file=cast(PersonalFile, found))
        except Refused as refusal:
            flash.error(request, str(refusal))
        else:
            flash.success(request, _("Removed. Mailings under way still send it."))
        return redirect("messages:personal_files", pk=pk)


class PersonalArchive(LoggingMixin, OwnerFilterMixin, View):
    """Takes a ZIP in the place of those that are there, or beside them."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, file_id: int) -> HttpResponse:
        found = self.editable_or_403(living_files(), message_id=pk, pk=file_id)
        upload = request.FILES.get("archive")
        try:
            if upload is None:
                raise Http404
            made = take_archive(
                file=cast(PersonalFile, found),
                archive=upload,
                name=upload.name or "",
                add=request.POST.get("how") == "add",
            )
        except Http404:
            flash.error(request, _("Choose a ZIP archive."))
        except Refused as refusal:
            flash.error(request, str(refusal))
        else:
            flash.success(request, _("Taken: %(count)s files.") % {"count": _count(made)})
        return redirect("messages:personal_files", pk=pk)


def _count(archive: FileArchive) -> str:
    return grouped(archive.entries.count())


@method_decorator(csp({"default-src": [NONE], "sandbox": True}), name="dispatch")
class DeliveryFileView(OwnerFilterMixin, View):
    """The file of one recipient, for the owner of the mailing alone; managers do not open it."""

    def get(
        self, request: HttpRequest, pk: int, number: int, delivery_id: int, file_number: int
    ) -> HttpResponse:
        rows = DeliveryFile.objects.filter(state=DeliveryFile.State.READY)
        found = self.editable_or_403(
            rows,
            run__mailing_id=pk,
            run__number=number,
            delivery_id=delivery_id,
            number=file_number,
        )
        kept = StagedFile(found.name, found.content_type, found.sha256, found.size)
        try:
            data = bytes_of(kept)
        except FileGone as error:
            raise Http404 from error
        headers = {
            "Content-Disposition": content_disposition_header(True, found.name),
            "Cache-Control": "no-store",
        }
        return HttpResponse(data, content_type=found.content_type, headers=headers)

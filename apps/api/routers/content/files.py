"""`/api/messages/<id>/files/`, and the files of one recipient of a mailing."""

from typing import Any, cast

from ninja import File, Form, Router, Status
from ninja.files import UploadedFile

from apps.api.auth import ApiRequest
from apps.api.schemas.common import answers
from apps.api.schemas.content.files import (
    ArchiveIn,
    ArchiveOut,
    FileIn,
    FileOut,
    PersonalFileIn,
    PersonalFileOut,
)
from apps.core.http import costly
from apps.core.permissions import editable_or_403, visible_or_404
from apps.mailings.models import FileArchive, Mailing, Message, PersonalFile, Recipient
from apps.mailings.services.personal_files.archives import take_archive
from apps.mailings.services.personal_files.editing import remove_file, save_file
from apps.mailings.services.personal_files.given import give_file

router = Router(tags=["Files for each recipient"])
of_mailings = Router(tags=["Files for each recipient"])


def _own(request: ApiRequest, pk: int, file_id: int) -> PersonalFile:
    rows = PersonalFile.objects.filter(message__archived_at=None).select_related("message")
    found = editable_or_403(rows, request.auth.user, pk=file_id, message_id=pk)
    return cast(PersonalFile, found)


@router.get(
    "/{int:pk}/files/",
    response=answers({200: list[PersonalFileOut]}, 404),
    summary="Its files for each recipient",
)
def list_personal_files(request: ApiRequest, pk: int) -> Any:
    """The files that every recipient gets for itself; at most five."""
    living = Message.objects.filter(archived_at=None)
    return visible_or_404(living, request.auth.user, pk=pk).personal_files.all()


@router.post(
    "/{int:pk}/files/",
    response=answers({201: PersonalFileOut}, 404, 409),
    summary="Add a file for each recipient",
)
def add_personal_file(request: ApiRequest, pk: int, given: PersonalFileIn) -> Status[PersonalFile]:
    """From a ZIP (`archive`), from an address of each (`url`), or given by calls (`api`)."""
    living = Message.objects.filter(archived_at=None)
    message = editable_or_403(living, request.auth.user, pk=pk)
    return Status(201, save_file(file=PersonalFile(message=message, **given.dict())))


@router.delete(
    "/{int:pk}/files/{int:file_id}/",
    response=answers({204: None}, 404, 409),
    summary="Remove a file for each recipient",
)
def remove_personal_file(request: ApiRequest, pk: int, file_id: int) -> Status[None]:
    """Runs under way still send it. While one is collecting its files this is refused."""
    remove_file(file=_own(request, pk, file_id))
    return Status(204, None)


@router.post(
    "/{int:pk}/files/{int:file_id}/archive/",
    response=answers({202: ArchiveOut}, 404, 409, 413, 503, 507),
    summary="Upload its archive",
)
def put_archive(
    request: ApiRequest, pk: int, file_id: int, file: File[UploadedFile], given: Form[ArchiveIn]
) -> Status[FileArchive]:
    """A ZIP of at most 500 MB and 20 000 files, which is unpacked in the background. While a run
    is collecting its files, none is put in the place of another; `add` puts it beside.
    """
    wanted = _own(request, pk, file_id)
    with costly.PLACES.place(request.auth.user.pk):
        made = take_archive(file=wanted, archive=file, name=file.name or "", add=given.add)
    return Status(202, made)


@of_mailings.put(
    "/{int:pk}/files/{int:recipient}/",
    response=answers({200: FileOut}, 404, 409, 413, 507),
    summary="Give a recipient’s file",
)
def give_recipient_file(
    request: ApiRequest, pk: int, recipient: int, given: FileIn
) -> dict[str, Any]:
    """In the place of one that was given before. Files are given before the start; after it, the
    failed are sent to again by `retry-failed`.
    """
    user = request.auth.user
    mailing = editable_or_403(Mailing.objects.filter(archived_at=None), user, pk=pk)
    person = editable_or_403(Recipient.objects.filter(archived_at=None), user, pk=recipient)
    entry = give_file(mailing=mailing, recipient_id=person.pk, given=given.given())
    return FileOut.of(entry)

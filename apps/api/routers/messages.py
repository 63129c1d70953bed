"""`/api/messages/`."""

from typing import Any

from django.utils import timezone
from ninja import File, Query, Router, Status
from ninja.files import UploadedFile

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, Removed, answers
from apps.api.schemas.messages import (
    AttachmentOut,
    MessageChanges,
    MessageFilter,
    MessageIn,
    MessageOut,
    MessageReplacement,
)
from apps.core.permissions import editable_or_403
from apps.mailings.models import Attachment, Message
from apps.mailings.selectors.messages import messages_like
from apps.mailings.services.agents.start_requests import check_message
from apps.mailings.services.attachments import attach, detach
from apps.mailings.services.messages import MessageService

router = Router(tags=["Messages"])


def messages_of(request: ApiRequest) -> MessageService:
    return MessageService(request.auth.user)


@router.get("/", response=answers({200: Page[MessageOut]}), summary="List messages")
def list_messages(request: ApiRequest, query: Query[MessageFilter]) -> dict[str, Any]:
    """One's own, newest first; for managers everybody's."""
    rows = messages_like(messages_of(request).list(), query.search)
    return page_of(rows.prefetch_related("attachments"), query, counted=rows)


@router.post("/", response=answers({201: MessageOut}, 400), summary="Add a message")
def add_message(request: ApiRequest, given: MessageIn) -> Status[Message]:
    """A text or HTML, or both. What could not be sent is refused here."""
    message = Message(owner=request.auth.user, **given.dict())
    message.full_clean()
    return Status(201, messages_of(request).save(message))


@router.get("/{int:pk}/", response=answers({200: MessageOut}, 404), summary="One message")
def get_message(request: ApiRequest, pk: int) -> Message:
    return messages_of(request).visible_or_404(pk)


@router.put("/{int:pk}/", response=answers({200: MessageOut}, 400, 404, 409), summary="Replace it")
def replace_message(request: ApiRequest, pk: int, given: MessageReplacement) -> Message:
    """What is left out becomes empty. The content as it was stays a version."""
    return _change(request, pk, given.dict())


@router.patch("/{int:pk}/", response=answers({200: MessageOut}, 400, 404, 409), summary="Change it")
def change_message(request: ApiRequest, pk: int, given: MessageChanges) -> Message:
    """What is left out stays as it is. The content as it was stays a version."""
    return _change(request, pk, given.dict(exclude_unset=True))


def _change(request: ApiRequest, pk: int, values: dict[str, Any]) -> Message:
    messages = messages_of(request)
    message = messages.editable_or_403(pk)
    if request.auth.is_agent:
        check_message(message)
    base = values.pop("revision", None)
    for name, value in values.items():
        setattr(message, name, value)
    message.full_clean()
    return messages.save(message, base_revision=base)


@router.delete("/{int:pk}/", response=answers({200: Removed}, 404, 409), summary="Remove it")
def delete_message(request: ApiRequest, pk: int) -> dict[str, int]:
    """Deleted when no mailing uses it; otherwise archived. 409 `still_used`: by an automation."""
    messages = messages_of(request)
    deleted = messages.remove(messages.editable_or_403(pk), now=timezone.now())
    return {"deleted": int(deleted), "archived": int(not deleted)}


@router.post(
    "/{int:pk}/attachments/", response=answers({201: AttachmentOut}, 400, 404), summary="Attach"
)
def attach_file(request: ApiRequest, pk: int, file: File[UploadedFile]) -> Status[Attachment]:
    """A file of at most 10 MB; 15 MB with the others."""
    message = messages_of(request).editable_or_403(pk)
    return Status(201, attach(message=message, upload=file))


@router.delete(
    "/{int:pk}/attachments/{int:file_id}/", response=answers({204: None}, 404), summary="Detach"
)
def detach_file(request: ApiRequest, pk: int, file_id: int) -> Status[None]:
    """Runs under way still send it."""
    rows = Attachment.objects.filter(message__archived_at=None)
    detach(attachment=editable_or_403(rows, request.auth.user, pk=file_id, message_id=pk))
    return Status(204, None)

"""`/api/recipients/{id}/erasure/` and `data/`: a person is erased, or gets a copy."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Router, Status

from apps.api.auth import ApiRequest
from apps.api.schemas.common import answers
from apps.api.schemas.permission.privacy import CopyOut, ErasureOut, ErasureRefusal
from apps.core.permissions import visible_or_404
from apps.mailings.models import DataCopy, ErasureRequest, Recipient
from apps.mailings.services.privacy import erasure, personal_data
from apps.mailings.services.privacy.rights import COPY, ERASE, may

router = Router(tags=["Personal data"])


def permitted(request: ApiRequest, pk: int, right: str) -> Recipient:
    """The recipient, if the caller may do this with it."""
    user = request.auth.user
    recipient = visible_or_404(Recipient.objects.all(), user, pk=pk)
    if not may(user, right, owner_id=recipient.owner_id):
        raise PermissionDenied
    return recipient


def latest(pk: int) -> ErasureRequest:
    """The newest erasure of this recipient."""
    found = ErasureRequest.objects.filter(recipient_id=pk).order_by("-pk").first()
    if found is None:
        raise Http404
    return found


@router.post(
    "/{int:pk}/erasure/", response=answers({202: ErasureOut}, 404, 409), summary="Erase a person"
)
def ask_erasure(request: ApiRequest, pk: int) -> Status[ErasureRequest]:
    """Carried out after the days of grace (`ERASURE_GRACE_DAYS`). It cannot be taken back."""
    found = erasure.ask(
        recipient=permitted(request, pk, ERASE),
        by=ErasureRequest.By.API,
        actor=request.auth.user.email,
        now=timezone.now(),
    )
    return Status(202, found)


@router.get("/{int:pk}/erasure/", response=answers({200: ErasureOut}, 404), summary="An erasure")
def get_erasure(request: ApiRequest, pk: int) -> ErasureRequest:
    """The newest one of this recipient, with its certificate when it is done."""
    visible_or_404(Recipient.objects.all(), request.auth.user, pk=pk)
    return latest(pk)


@router.post(
    "/{int:pk}/erasure/refuse/",
    response=answers({200: ErasureOut}, 404, 409),
    summary="Refuse an erasure",
)
def refuse_erasure(request: ApiRequest, pk: int, given: ErasureRefusal) -> ErasureRequest:
    """For a reason that the person is shown."""
    permitted(request, pk, ERASE)
    found, actor = latest(pk), request.auth.user.email
    erasure.refuse(request=found, reason=given.reason, actor=actor, now=timezone.now())
    found.refresh_from_db()
    return found


@router.post(
    "/{int:pk}/data/", response=answers({202: CopyOut}, 404, 409), summary="Copy a person's data"
)
def ask_copy(request: ApiRequest, pk: int) -> Status[DataCopy]:
    """Made in the background, and there for a day: `GET` says when it is ready."""
    recipient, actor = permitted(request, pk, COPY), request.auth.user.email
    now = timezone.now()
    return Status(202, personal_data.ask_for_copy(recipient=recipient, actor=actor, now=now))


@router.get("/{int:pk}/data/", response=answers({200: CopyOut}, 404), summary="A copy")
def get_copy(request: ApiRequest, pk: int) -> DataCopy:
    """The newest one of this recipient."""
    return newest_copy(permitted(request, pk, COPY))


@router.get("/{int:pk}/data/file/", response=answers({200: bytes}, 404), summary="Its file")
def get_copy_file(request: ApiRequest, pk: int) -> HttpResponse:
    """A ZIP of JSON and CSV. 404 before it is ready, and when its day is over."""
    copy, now = newest_copy(permitted(request, pk, COPY)), timezone.now()
    if not personal_data.is_there(copy, now):
        raise Http404
    content = personal_data.take(copy=copy, actor=request.auth.user.email, now=now)
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="recipient-{pk}.zip"'
    return response


def newest_copy(recipient: Recipient) -> DataCopy:
    """The newest copy of the person's data; Http404 when there was none."""
    found = DataCopy.objects.filter(recipient=recipient).first()
    if found is None:
        raise Http404
    return found

"""`/api/recipients/{id}/erasure/`: a person is erased, or is refused it."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from ninja import Router, Status

from apps.api.auth import ApiRequest
from apps.api.schemas.common import answers
from apps.api.schemas.privacy import ErasureOut, ErasureRefusal
from apps.core.permissions import visible_or_404
from apps.mailings.models import ErasureRequest, Recipient
from apps.mailings.services.privacy import erasure
from apps.mailings.services.privacy.rights import ERASE, may

router = Router(tags=["Personal data"])


def erasable(request: ApiRequest, pk: int) -> Recipient:
    """The recipient that the caller may erase."""
    user = request.auth.user
    recipient = visible_or_404(Recipient.objects.all(), user, pk=pk)
    if not may(user, ERASE, owner_id=recipient.owner_id):
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
        recipient=erasable(request, pk),
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
    erasable(request, pk)
    found, actor = latest(pk), request.auth.user.email
    erasure.refuse(request=found, reason=given.reason, actor=actor, now=timezone.now())
    found.refresh_from_db()
    return found

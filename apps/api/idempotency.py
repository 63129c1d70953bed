"""The same call twice does the same thing once: ``Idempotency-Key`` on POST.

1. The key is claimed before anything is done (a unique row), for its user.
2. A success is kept, and given again to a caller with the same key and the same call.
3. A refusal changed nothing: the key is free again.
4. Something broke, or the process died: nobody knows what was done, and the key stays taken.
   The caller must check before calling again with another key.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.api.auth import caller_of
from apps.api.models import IdempotentCall
from apps.api.problems import Unfit, refused
from apps.core.errors import Refused
from apps.users.models import User

KEPT: Final = timedelta(hours=24)
_LONGEST: Final = 255

Run = Callable[..., HttpResponse]


class KeyReused(Unfit):
    """The key was used for another call."""

    code = "idempotency_key_reused"


class KeyUnfit(Unfit):
    """The key is empty, too long, or has characters that are not printable ASCII."""

    code = "idempotency_key_unfit"


class KeyInProgress(Refused):
    """The first call with this key has not been answered."""

    code = "idempotency_in_progress"


def idempotent(run: Run) -> Run:
    """Around every route of the API (a decorator of ninja in the mode ``view``)."""

    @wraps(run)
    def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        key = request.headers.get("Idempotency-Key")
        caller = caller_of(request) if key is not None and request.method == "POST" else None
        if key is None or caller is None:
            return run(request, **kwargs)
        try:
            call, mine = _claim(caller.user, key, _fingerprint(request))
        except Refused as refusal:
            return refused(request, refusal)
        if not mine:
            return HttpResponse(
                call.body,
                status=call.status,
                content_type="application/json; charset=utf-8",
                headers={"Idempotent-Replay": "true"},
            )
        response = run(request, **kwargs)
        _keep(call, response)
        return response

    return answer


def forget_old() -> int:
    """Drop what is older than ``KEPT``. Returns how many calls."""
    return IdempotentCall.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def _fingerprint(request: HttpRequest) -> str:
    """A form with a file has another boundary every time: it is compared by its parts."""
    found = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type == "multipart/form-data":
        for name, values in sorted(request.POST.lists()):
            found.update(f"{name}={values!r}\n".encode(errors="replace"))
        for name, file in sorted(request.FILES.items()):
            found.update(f"{name}\n".encode())
            for chunk in file.chunks():  # type: ignore[union-attr]
                found.update(chunk)
            file.seek(0)  # type: ignore[union-attr]
    else:
        found.update(request.body)
    return found.hexdigest()


def _claim(owner: User, key: str, fingerprint: str) -> tuple[IdempotentCall, bool]:
    """The row of this key, and whether the call is ours to make."""
    if not key or len(key) > _LONGEST or not (key.isascii() and key.isprintable()):
        raise KeyUnfit(_("An Idempotency-Key has 1 to 255 printable ASCII characters."))
    forget_old()
    fresh = IdempotentCall(owner=owner, key=key, fingerprint=fingerprint, created_at=timezone.now())
    try:
        with transaction.atomic():
            fresh.save(force_insert=True)
        return fresh, True
    except IntegrityError:
        known = IdempotentCall.objects.filter(owner=owner, key=key).first()
    if known is None or not known.status:
        text = _("The first call with this key has no answer yet. If it stays so, it died: look.")
        raise KeyInProgress(text)
    if known.fingerprint != fingerprint:
        raise KeyReused(_("This Idempotency-Key was used for another call."))
    return known, False


def _keep(call: IdempotentCall, response: HttpResponse) -> None:
    mine = IdempotentCall.objects.filter(pk=call.pk)
    if response.status_code < 300:
        mine.update(status=response.status_code, body=response.content.decode())
    elif response.status_code < 500:
        mine.delete()

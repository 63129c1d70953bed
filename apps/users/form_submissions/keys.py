"""The same form sent twice does the same thing once: a key in every form of the site.

1. The key is signed and names its user: it cannot be made up, and says whose form it was even when
   the session has ended.
2. It is claimed before anything is done (a unique row). A second request waits for the answer of
   the first one and is given the same.
3. A refusal changed nothing: the key is free again, and the form can be corrected and sent.
4. A form that edits is guarded by the version it was written from as well: with other content it
   goes to its view, which shows the conflict. One that creates never does its work twice.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.core.signing import BadSignature, TimestampSigner
from django.db import IntegrityError, transaction
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from apps.core.paging import row_id
from apps.users.models import FormSubmission, KeptForm

FIELD: Final = "form_key"
#: How long a key is good, and how long what came of it is remembered.
KEPT: Final = timedelta(days=30)
#: What was typed is given back for so long, and up to so many characters.
TYPED_KEPT: Final = timedelta(days=1)
TYPED_LONGEST: Final = 2_000_000
#: A test message may take half a minute (apps.delivery.engine.direct_send).
WAIT_SECONDS: Final = 35.0
_POLL_SECONDS: Final = 0.1
_SIGNER: Final = TimestampSigner(salt="form-key")
_OWN_FIELDS: Final = frozenset({FIELD, "csrfmiddlewaretoken"})


@dataclass(frozen=True, slots=True)
class FormKey:
    """A key as it came back: whose form it was, and whether the form edits something."""

    owner_id: int
    edits: bool
    number: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The row of a key. ``first``: this request is the one that does the work."""

    row: FormSubmission
    first: bool
    same_content: bool


def new_key(owner_id: int, *, edits: bool = False) -> str:
    """A key for one rendering of a form."""
    return _SIGNER.sign(f"{owner_id}.{'edit' if edits else 'make'}.{uuid.uuid4().hex}")


def key_of(request: HttpRequest) -> FormKey | None:
    """The request's key; None when it has none that we made in the last days."""
    if request.method != "POST":
        return None
    signed = request.POST.get(FIELD, "")
    try:
        owner, kind, number = _SIGNER.unsign(signed, max_age=KEPT).split(".")
    except (BadSignature, ValueError):
        return None
    return FormKey(int(owner), kind == "edit", number)


def claim(request: HttpRequest, key: FormKey) -> Claim:
    """Claim the key for this request, or find what the first one has made of it."""
    now = timezone.now()
    FormSubmission.objects.filter(created_at__lt=now - KEPT).delete()
    content = _digest_of(request)
    text = f"{key.number} {request.path} {content if key.edits else ''}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    fresh = FormSubmission(owner_id=key.owner_id, key=digest, content=content, created_at=now)
    try:
        with transaction.atomic():
            fresh.save(force_insert=True)
        return Claim(fresh, first=True, same_content=True)
    except IntegrityError:
        known = FormSubmission.objects.filter(owner_id=key.owner_id, key=digest).first()
    if known is None:  # the first request was refused just now, and has freed the key
        return claim(request, key)
    return Claim(known, first=False, same_content=known.content == content)


def wait_for_answer(row: FormSubmission) -> FormSubmission | None:
    """The row once the first request has been answered; unanswered when it takes too long.

    None: it was refused, and the key is free again.
    """
    until = row.created_at + timedelta(seconds=WAIT_SECONDS)
    found: FormSubmission | None = row
    while found is not None and found.done_at is None and timezone.now() < until:
        time.sleep(_POLL_SECONDS)
        found = FormSubmission.objects.filter(pk=row.pk).first()
    return found


def settle(row: FormSubmission, *, location: str) -> None:
    """Remember the answer of the first request."""
    mine = FormSubmission.objects.filter(pk=row.pk)
    mine.update(location=location, done_at=timezone.now())


def free(row: FormSubmission) -> None:
    """Nothing was done: the form may be sent again."""
    FormSubmission.objects.filter(pk=row.pk).delete()


def keep_typed(request: HttpRequest, owner_id: int) -> KeptForm | None:
    """Keep what was typed for its writer. Files are not kept. None when it is too much."""
    typed = request.POST.copy()
    for name in _OWN_FIELDS & typed.keys():
        del typed[name]
    data = typed.urlencode()
    if len(data) > TYPED_LONGEST or len(request.path) > 500:
        return None
    now = timezone.now()
    KeptForm.objects.filter(created_at__lt=now - TYPED_KEPT).delete()
    kept, _made = KeptForm.objects.update_or_create(
        owner_id=owner_id, path=request.path, defaults={"data": data, "created_at": now}
    )
    return kept


def typed_before(request: HttpRequest) -> QueryDict | None:
    """What this very user had typed into the form at this address when the session ended."""
    number = row_id(request.GET.get("typed", ""))
    if number is None or not request.user.is_authenticated:
        return None
    mine = KeptForm.objects.editable_by(request.user)
    fresh = mine.filter(created_at__gte=timezone.now() - TYPED_KEPT)
    kept = fresh.filter(pk=number, path=request.path).first()
    return QueryDict(kept.data) if kept is not None else None


def forget_typed(request: HttpRequest, owner_id: int) -> None:
    """What was kept of the form at this address has been saved now."""
    KeptForm.objects.filter(owner_id=owner_id, path=request.path).delete()


def fields_of(request: HttpRequest) -> list[tuple[str, str]]:
    """What was typed, for a form that sends it once more."""
    lists: Any = request.POST.lists()
    return [
        (name, str(value)) for name, values in lists if name not in _OWN_FIELDS for value in values
    ]


def _digest_of(request: HttpRequest) -> str:
    """The address and the content of a form, without its key."""
    found = hashlib.sha256(f"{request.get_full_path()}\n".encode())
    for name, value in sorted(fields_of(request)):
        found.update(f"{name}={value!r}\n".encode(errors="replace"))
    for name, file in sorted(request.FILES.items()):
        found.update(f"{name}\n".encode(errors="replace"))
        for chunk in file.chunks():  # type: ignore[union-attr]
            found.update(chunk)
        file.seek(0)  # type: ignore[union-attr]
    return found.hexdigest()

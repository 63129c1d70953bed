"""The browser's proof of work, and the sealed token of a page that shows a form.

A challenge is a salt and the SHA-256 of the salt with a secret number: finding the number takes a
browser part of a second, checking it takes nothing. Each is used once, over all processes.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from altcha import v1
from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction

from apps.core.errors import Refused, gettext_noop
from apps.core.text.formatting import refusal
from apps.feedback.models import UsedChallenge

#: The largest number that may have to be found; a flood makes it four times as large.
USUAL_WORK: Final = 50_000
FLOOD: Final = 4
#: How long a challenge may be answered, and used ones are known.
ANSWERED_IN: Final = timedelta(minutes=20)
KEPT: Final = timedelta(hours=1)
#: What a browser hands in is some 400 characters long.
_LONGEST: Final = 2000
#: A person takes longer than this to fill a form in, and no page is older.
YOUNGEST: Final = timedelta(seconds=2)
OLDEST: Final = timedelta(hours=24)
_SALT: Final = "vestnik.signups.page"


class ProofUsed(Refused):
    """This proof of work was handed in before."""

    code = "proof_used"


class ProofNeeded(Refused):
    """The form asks for a proof of work, and got none that is good."""

    code = "proof_needed"


class FormStale(Refused):
    """The page with the form is too old."""

    code = "form_stale"


def new_challenge(*, slug: str, flood: bool, now: datetime) -> dict[str, Any]:
    """A challenge for the visitors of this form."""
    work = USUAL_WORK * (FLOOD if flood else 1)
    options = v1.ChallengeOptions(
        hmac_key=_key(), max_number=work, expires=now + ANSWERED_IN, params={"form": slug}
    )
    made = v1.create_challenge(options)
    return {
        "algorithm": made.algorithm,
        "challenge": made.challenge,
        "maxnumber": made.max_number,
        "salt": made.salt,
        "signature": made.signature,
    }


def spend(solution: str, *, slug: str, now: datetime) -> bool:
    """True for a good solution, which is used up by that. Raises ProofUsed for a second time."""
    digest = _digest_of(solution, slug)
    if digest is None:
        return False
    try:
        with transaction.atomic():
            UsedChallenge.objects.create(digest=digest, used_at=now)
    except IntegrityError:
        text = gettext_noop("This form was already sent. Open the page again to subscribe.")
        raise refusal(ProofUsed, text) from None
    return True


def _digest_of(solution: str, slug: str) -> str | None:
    """The digest of a challenge that is solved, in time and for this form."""
    if not solution or len(solution) > _LONGEST:
        return None
    try:
        payload = v1.Payload.from_base64(solution)
        good, _why = v1.verify_solution(payload.to_dict(), _key(), check_expires=True)
        named = payload.parse_salt()[2].get("form", [])
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, json.JSONDecodeError):
        return None
    if not good or named != [slug]:
        return None
    return hashlib.sha256(str(payload.challenge).encode()).hexdigest()


def _key() -> str:
    return hmac.digest(settings.SECRET_KEY.encode(), b"vestnik.signups.proof", "sha256").hex()


@dataclass(frozen=True, slots=True)
class PageToken:
    """Which version of which form a page showed, and when. ``young``: filled in by no person."""

    version_id: int
    young: bool


def page_token(*, form_id: int, version_id: int, now: datetime) -> str:
    """The token that a page carries with its form."""
    return signing.Signer(salt=_SALT).sign_object([form_id, version_id, int(now.timestamp())])


def open_token(token: str, *, form_id: int, now: datetime) -> PageToken | None:
    """What the page showed; None without a token of this form. Raises FormStale for an old page."""
    try:
        form, version, moment = signing.Signer(salt=_SALT).unsign_object(token)
        shown_at = datetime.fromtimestamp(moment, UTC)
    except (signing.BadSignature, ValueError, TypeError, OSError, OverflowError):
        return None
    if form != form_id:
        return None
    if now - shown_at > OLDEST:
        text = gettext_noop("This page was opened long ago. Check what you entered and send again.")
        raise refusal(FormStale, text)
    return PageToken(version, now - shown_at < YOUNGEST)

"""Every error in one shape, and which status a refusal of the domain has."""

import json
from typing import Any, Final

import structlog
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
)
from django.core.exceptions import ValidationError as ModelError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from apps.automations.services.preflight.checking import AutomationUnfit
from apps.automations.services.preflight.findings import DraftFinding
from apps.core.errors import ContentRefused, Refused
from apps.core.http.costly import Busy, UserBusy
from apps.core.http.outbound import AddressRefused, FetchFailed
from apps.core.http.throttle import TooOften
from apps.core.resources import DatabaseBusy, DiskFull, exhausted
from apps.core.text.formatting import refusal_text
from apps.delivery.accounts import AccountNotGranted
from apps.delivery.engine.staging.beginning import FileMissing, FileTooLarge
from apps.mailings.importing.errors import ImportRefused, ListChanged
from apps.mailings.importing.letters.errors import LetterRefused
from apps.mailings.media.errors import MediaRefused, MediaTooLarge
from apps.mailings.personal_files.archives import ArchiveRefused
from apps.mailings.segments import SegmentInvalid
from apps.mailings.services.attachments import AttachmentRefused
from apps.mailings.services.importing.files import ImportTooLarge
from apps.mailings.services.letters.reuse.templates import TemplateForbidden
from apps.mailings.services.mailings import ToggleForbidden
from apps.mailings.services.permission.basis import BasisMissing
from apps.mailings.services.permission.blocked_domains import DomainRefused
from apps.mailings.services.permission.lists import StatementMissing
from apps.mailings.services.permission.subscribing import ListsRefused
from apps.mailings.services.permission.suppressions import LiftReasonMissing
from apps.mailings.services.personal_files.given import FileNotWanted, GivenTooLarge
from apps.mailings.services.personal_files.room import FilesQuota
from apps.mailings.services.segmentation.attributes import AttributeUnfit
from apps.mailings.services.tags import TagRefused
from apps.users.authentication import credentials

log = structlog.get_logger(__name__)


class NotAllowed(Refused):
    """The caller may not do this. 403."""

    code = "forbidden"


class Unfit(Refused):
    """What was sent cannot be used. 422."""

    code = "invalid"


#: A refusal has the status of the first class that it belongs to; 409 when of none.
_STATUS: Final[tuple[tuple[type[Refused], int], ...]] = (
    (credentials.CredentialsWrong, 401),
    (credentials.TooManyTries, 429),
    (credentials.UserBlocked, 403),
    (credentials.EmailUnverified, 403),
    (credentials.SecondFactorNeeded, 403),
    (ToggleForbidden, 403),
    (TemplateForbidden, 403),
    (NotAllowed, 403),
    (AccountNotGranted, 403),
    (AutomationUnfit, 422),
    (Unfit, 422),
    (ContentRefused, 422),
    (ImportTooLarge, 413),
    (ListChanged, 409),
    (ImportRefused, 422),
    (LetterRefused, 422),
    (TagRefused, 422),
    (ListsRefused, 422),
    (StatementMissing, 422),
    (SegmentInvalid, 422),
    (AttributeUnfit, 422),
    (BasisMissing, 422),
    (StatementMissing, 422),
    (AttachmentRefused, 422),
    (MediaTooLarge, 413),
    (FilesQuota, 413),
    (MediaRefused, 422),
    (LiftReasonMissing, 422),
    (DomainRefused, 422),
    (AddressRefused, 422),
    (FetchFailed, 422),
    (TooOften, 429),
    (UserBusy, 429),
    (Busy, 503),
    (DatabaseBusy, 503),
    (DiskFull, 507),
    (ArchiveRefused, 422),
    (FileNotWanted, 422),
    (FileMissing, 422),
    (FileTooLarge, 422),
    (GivenTooLarge, 422),
)
_CODES: Final = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "too_many_requests",
    500: "server_error",
    503: "database_busy",
    507: "disk_full",
}


def words_of(status: int) -> str:
    """What is said when there is nothing more to say than the status."""
    return {
        400: _("The request cannot be read."),
        401: _("Send a valid token: “Authorization: Bearer …”."),
        403: _("You may see this, but not change it."),
        404: _("There is no such object."),
        405: _("There is no such method here."),
        413: _("The request is too large."),
        429: _("Too many requests. Try again later."),
        500: _("The server made an error. It has been logged."),
        503: _("The site is busy writing a large list. Try again in a few seconds."),
        507: _("There is no room on the site's disk. Nothing was saved; ask an administrator."),
    }.get(status, _("The request can’t be completed."))


def problem(
    status: int, *, code: str = "", detail: str = "", errors: list[dict[str, str]] | None = None
) -> HttpResponse:
    """An error as an answer."""
    body = {
        "code": code or _CODES.get(status, "bad_request"),
        "detail": detail or words_of(status),
        "errors": errors or [],
    }
    content = json.dumps(body, ensure_ascii=False)
    response = HttpResponse(content, status=status, content_type="application/json; charset=utf-8")
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """The domain said no."""
    status = next((status for kind, status in _STATUS if isinstance(refusal, kind)), 409)
    found = refusal.findings if isinstance(refusal, AutomationUnfit) else ()
    errors = [_error_at(one) for one in found]
    response = problem(status, code=refusal.code, detail=refusal_text(refusal), errors=errors)
    if isinstance(refusal, credentials.TooManyTries | TooOften | DatabaseBusy | Busy):
        response["Retry-After"] = str(refusal.wait)
    return response


def _error_at(found: DraftFinding) -> dict[str, str]:
    """One finding of an automation's check; its step is the field."""
    return {"field": found.step, "code": found.code, "detail": found.sentence}


def _unfit(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The request does not have the form that the document demands."""
    errors = [
        {
            # The first part says whether it was the body or the query, the second names no field.
            "field": ".".join(map(str, item["loc"][2:] or item["loc"][1:])),
            "code": str(item["type"]),
            "detail": str(item["msg"]),
        }
        for item in error.errors
    ]
    return problem(422, code="invalid", detail=_("Some fields are wrong."), errors=errors)


def _unfit_row(request: HttpRequest, error: ModelError) -> HttpResponse:
    """A model's own checks said no."""
    found = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    errors = [
        {
            "field": "" if field == NON_FIELD_ERRORS else field,
            "code": str(one.code or "invalid"),
            "detail": " ".join(one.messages),
        }
        for field, several in found.items()
        for one in several
    ]
    return problem(422, code="invalid", detail=_("Some fields are wrong."), errors=errors)


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, UnicodeEncodeError):  # apps.api.parsing
        text = _("A text holds half of a character (a lone surrogate), which nothing can keep.")
        return problem(422, code="invalid", detail=text)
    return problem(error.status_code)


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    if refusal := exhausted(error):
        log.warning(refusal.code, path=request.path, method=request.method)
        return refused(request, refusal)
    log.exception("api_broke", path=request.path, method=request.method)
    return problem(500)


def install(api: NinjaAPI) -> None:
    """Let this API answer every error in the one shape."""
    answers: dict[type[Exception], Any] = {
        Exception: _broken,
        HttpError: _http_error,
        AuthenticationError: lambda request, error: problem(401),
        Throttled: lambda request, error: problem(429),
        Http404: lambda request, error: problem(404),
        PermissionDenied: lambda request, error: problem(403),
        RequestDataTooBig: lambda request, error: problem(413),
        ValidationError: _unfit,
        ModelError: _unfit_row,
        Refused: refused,
    }
    for kind, handler in answers.items():
        api.add_exception_handler(kind, handler)

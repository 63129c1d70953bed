"""Many recipients at once: in one call, or from a file in the background."""

import json
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, PageQuery, Removed, answers
from apps.api.schemas.imports import ImportForm, ImportOut
from apps.api.schemas.recipients import Bulk, BulkDone, BulkResult, BulkRow, BulkWarning
from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.errors import Refused
from apps.core.http import costly
from apps.core.permissions import editable_or_403, visible_or_404
from apps.core.text.storable import is_storable
from apps.mailings.attribute_values import as_text
from apps.mailings.fields import RECIPIENT_FIELDS, Target
from apps.mailings.importing.bulk import Row, RowResult
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.tags import joined_tags
from apps.mailings.models import Recipient, RecipientImport
from apps.mailings.services import recipients
from apps.mailings.services.importing import files, imports, page_imports
from apps.mailings.services.importing.imports import ImportOptions, upsert_recipients

router = Router(tags=["Recipients"])
#: Letters in the name of a column or a field.
_LONGEST_NAME: Final = 500
#: The fields of a row: a program says who has left by other calls.
_TARGETS = [(one.target, one.name) for one in RECIPIENT_FIELDS if one.target is not Target.STATUS]


@router.post(
    "/bulk/", response=answers({200: BulkDone}, 400, 409, 413, 503), summary="Add or change many"
)
def bulk(request: ApiRequest, given: Bulk) -> BulkDone:
    """Up to 10 000 rows; the good ones come in by one transaction, every row is answered for.

    With `update` a row belongs to the recipient who has its first address: values that are given
    replace the old ones, attributes and tags are added.
    """
    with costly.PLACES.place(request.auth.user.pk):
        placed = upsert_recipients(
            rows=[_row(item) for item in given.items],
            owner=request.auth.user,
            options=ImportOptions(
                update=given.update, tags=given.tags, source=Recipient.Source.API
            ),
            now=timezone.now(),
        )
    results = [_result(index, one) for index, one in enumerate(placed)]
    statuses = [result.status for result in results]
    return BulkDone.model_construct(
        created=statuses.count("created"),
        updated=statuses.count("updated"),
        rejected=statuses.count("rejected"),
        results=results,
    )


def _row(item: BulkRow) -> Row:
    attributes = {name: as_text(value) for name, value in item.attributes.items()}
    return Row({target: _text(getattr(item, name)) for target, name in _TARGETS}, attributes)


def _text(value: str | int | list[str] | None) -> str:
    """As a file would have it."""
    if isinstance(value, list):
        return joined_tags(value)
    return "" if value is None else str(value)


def _result(index: int, placed: RowResult) -> BulkResult:
    if placed.reject is None:
        status = "created" if placed.is_new else "updated"
        values: dict[str, Any] = {"status": status, "id": placed.recipient_id}
        warnings = [
            BulkWarning.model_construct(code=one.reason.value, detail=one.text)
            for one in placed.warnings
        ]
        return BulkResult.model_construct(
            index=index, code="", detail="", warnings=warnings, **values
        )
    reason, detail = placed.reject.reason, placed.reject.text
    return BulkResult.model_construct(
        index=index, status="rejected", id=None, code=reason.value, detail=detail, warnings=[]
    )


@router.get("/import/", response=answers({200: Page[ImportOut]}), summary="List imports")
def list_imports(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """What was brought in from files, the newest first."""
    return page_of(RecipientImport.objects.visible_to(request.auth.user), page)


@router.post(
    "/import/", response=answers({202: ImportOut}, 400, 409, 413, 507), summary="Import a file"
)
def start_import(
    request: ApiRequest, options: Form[ImportForm], file: File[UploadedFile]
) -> Status[RecipientImport]:
    """A list, imported in the background: ask for the import to see how far it is.

    CSV, TSV, XLSX, XLS, ODS or vCard, also packed (.gz, .zip). A text that cannot be used is
    refused at once; with a spreadsheet that shows when it is read, as `error_code`.
    """
    mapping = _mapping(options.mapping)
    reading = ReadOptions.of(options.model_dump())
    found = files.receive(owner=request.auth.user, upload=file, reading=reading)
    try:
        files.check_columns(found, mapping)
        imports.check_lists(
            owner=request.auth.user,
            mapping=mapping,
            list_id=options.list or 0,
            statement=options.statement,
        )
        chosen = {
            "tags": [tag.strip() for tag in options.tags.split(",") if tag.strip()],
            "update": options.update,
            "dry_run": options.dry_run,
            "list": options.list or 0,
            "statement": options.statement,
            "language": get_language() or "ru",
        }
        page_imports.start(found=found, mapping=mapping, options=chosen, now=timezone.now())
    except Refused:
        files.discard(found=found)
        raise
    found.refresh_from_db()
    return Status(202, found)


def _mapping(text: str) -> dict[str, str]:
    try:
        mapping = json.loads(text or "{}")
    except ValueError:
        mapping = None
    good = isinstance(mapping, dict) and all(isinstance(value, str) for value in mapping.values())
    if not good or not all(map(_fits, [*mapping, *mapping.values()])):
        sentence = _("Write an object such as {“Mail”: “email”}.")
        raise ValidationError({"mapping": ValidationError(sentence, code="invalid")})
    return dict(mapping)


def _fits(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and is_storable(text)


@router.get("/import/{int:pk}/", response=answers({200: ImportOut}, 404), summary="One import")
def get_import(request: ApiRequest, pk: int) -> RecipientImport:
    """How far it is, and what came of it."""
    found = visible_or_404(RecipientImport.objects.all(), request.auth.user, pk=pk)
    found.done_rows = page_imports.rows_read(found)
    return found


@router.get(
    "/import/{int:pk}/rejects/",
    response=answers({}, 404),
    summary="Its rejected rows",
    openapi_extra={
        "responses": {
            200: {
                "description": "The rows as they were, each with line and reason.",
                "content": {"text/csv": {"schema": {"type": "string"}}},
            }
        }
    },
)
def get_rejects(request: ApiRequest, pk: int) -> FileResponse:
    """A CSV file that can be fixed and imported again. 404 when nothing was rejected."""
    found = visible_or_404(RecipientImport.objects.all(), request.auth.user, pk=pk)
    if not found.rejects:
        raise Http404
    name = f"rejected-{found.pk}.csv"
    record(Act.EXPORTED, Object(found._meta.label_lower, found.pk, name))
    return FileResponse(
        found.rejects.open("rb"), as_attachment=True, filename=name, content_type="text/csv"
    )


@router.post(
    "/import/{int:pk}/undo/", response=answers({200: Removed}, 404, 409), summary="Undo it"
)
def undo_import(request: ApiRequest, pk: int) -> recipients.Removed:
    """Removes the recipients it added; those with a history go to the archive."""
    found = editable_or_403(RecipientImport.objects.all(), request.auth.user, pk=pk)
    return page_imports.undo(found=found, now=timezone.now())

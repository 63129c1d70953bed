"""`/api/messages/`: from one form into another, and from other tools."""

from typing import Any

from ninja import File, Form, Router
from ninja.files import UploadedFile

from apps.api.auth import ApiRequest
from apps.api.schemas.common import answers
from apps.api.schemas.messages import ConversionIn, ConversionOut, ImportedOut, LetterIn
from apps.core.http import costly
from apps.mailings.models import Message
from apps.mailings.models.content import Form as MessageForm
from apps.mailings.services.letters.sources.converting import conversion_of, convert
from apps.mailings.services.letters.sources.importing import Wishes, import_letter, open_letter
from apps.mailings.services.messages import MessageService

router = Router(tags=["Messages"])


@router.post(
    "/{int:pk}/convert/",
    response=answers({200: ConversionOut}, 400, 404, 409, 503),
    summary="Convert it",
)
def convert_message(request: ApiRequest, pk: int, given: ConversionIn) -> dict[str, Any]:
    """A text or HTML becomes blocks, blocks become HTML. The content as it was stays a version.

    With `dry_run` nothing is saved: the message is shown as it would be.
    """
    author = request.auth.user
    message: Message = MessageService(author).editable_or_403(pk)
    with costly.PLACES.place(author.pk):
        if given.dry_run:
            found = conversion_of(message)
            found.applied_to(message)
        else:
            found = convert(message=message, author=author, base_revision=given.revision)
    report = found.report
    return {
        "blocks": report.blocks if report else 0,
        "kept_as_html": report.kept if report else 0,
        "left_out": dict(report.left_out) if report else {},
        "message": message,
    }


@router.post(
    "/import/", response=answers({200: ImportedOut}, 413, 503, 507), summary="Read a foreign one"
)
def import_message(
    request: ApiRequest, file: File[UploadedFile], given: Form[LetterIn]
) -> dict[str, Any]:
    """HTML, MJML, a ZIP archive or a saved email (EML) of at most 20 MB, as content for a message.

    No message is saved: send the content to `POST /api/messages/`. The pictures that came with it
    are in the library. Tags of the other tool that `tags` does not name become what is proposed.
    """
    owner = request.auth.user
    with costly.PLACES.place(owner.pk):
        opened = open_letter(owner=owner, content=file.read(), name=file.name or "")
        made = import_letter(
            owner=owner,
            html=opened.html,
            subject=opened.found.subject,
            wishes=Wishes(MessageForm(given.form), given.choices(), given.fetch_pictures),
        )
    return {
        **made.content,
        "form": made.form,
        "preheader": made.content.get("preheader", ""),
        "blocks": made.report.blocks,
        "kept_as_html": made.report.kept,
        "left_out": {**opened.found.left_out, **made.report.left_out, "commands": made.commands},
        "tags": [
            {"source": tag.source, "count": tag.count, "proposal": tag.proposal}
            for tag in opened.tags
        ],
        "remote_pictures": opened.found.remote,
        "missing_pictures": opened.found.missing,
        "refused_pictures": dict([*opened.refused, *made.refused]),
    }

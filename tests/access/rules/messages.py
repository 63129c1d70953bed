"""Messages, their editor, their previews and versions."""

from __future__ import annotations

from typing import Any

from apps.mailings.attachments import keep
from apps.mailings.models import Attachment, MessageTranslation, MessageVersion, PersonalFile
from tests.access.rules.recipients import FORM, NEW
from tests.access.rules.types import (
    ACT_GET,
    ACT_POST,
    LOGIN,
    NO_WRITING,
    SEE,
    SEE_OWN,
    Answers,
    Endpoint,
)
from tests.factories import MessageFactory
from tests.mailings.services.letters.letters import a_letter, id_of
from tests.people import Cast


def message(cast: Cast) -> dict[str, Any]:
    return {"pk": MessageFactory.create(owner=cast.owner).pk}


def version(cast: Cast) -> dict[str, Any]:
    written = MessageFactory.create(owner=cast.owner)
    MessageVersion.objects.create(message=written, number=1, subject="s", text="t")
    return {"pk": written.pk, "number": 1}


def attachment(cast: Cast) -> dict[str, Any]:
    written = MessageFactory.create(owner=cast.owner)
    file = Attachment.objects.create(
        message=written, name="a.txt", content_type="text/plain", size=2, sha256=keep(b"hi")
    )
    return {"pk": written.pk, "attachment_id": file.pk}


def personal_file(cast: Cast) -> dict[str, Any]:
    written = MessageFactory.create(owner=cast.owner)
    file = PersonalFile.objects.create(message=written, name="{{ email }}.pdf")
    return {"pk": written.pk, "file_id": file.pk}


def letter(cast: Cast) -> dict[str, Any]:
    return {"pk": a_letter(cast.owner).pk}


def part(cast: Cast) -> dict[str, Any]:
    written = a_letter(cast.owner)
    return {"pk": written.pk, "node": id_of(written, "heading")}


def section(cast: Cast) -> dict[str, Any]:
    written = a_letter(cast.owner)
    return {"pk": written.pk, "node": id_of(written, "section")}


def translation(cast: Cast) -> dict[str, Any]:
    written = MessageFactory.create(owner=cast.owner, language="ru")
    MessageTranslation.objects.create(message=written, language="en", subject="News")
    return {"pk": written.pk, "language": "en"}


#: A form that is not filled in.
UNFILLED: Answers = (LOGIN, LOGIN, 404, 422, 403)
#: The same where nobody else has a part in it.
NOTHING: Answers = (LOGIN, LOGIN, 422, 422, 422)
#: One that does not say from which revision it was made.
BEHIND: Answers = (LOGIN, LOGIN, 404, 409, 403)

ENDPOINTS = {
    "messages:list": Endpoint(get=SEE, post=NO_WRITING),
    "messages:create": Endpoint(get=SEE, post=NEW),
    "messages:preview": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 200, 200, 200)),
    "messages:detail": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=message),
    "messages:edit": Endpoint(get=FORM, post=FORM, kwargs=message),
    "messages:operations": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=letter),
    "messages:undo": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=letter),
    "messages:redo": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=letter),
    "messages:theme": Endpoint(get=FORM, post=UNFILLED, kwargs=letter),
    "messages:part": Endpoint(get=FORM, post=UNFILLED, kwargs=part),
    "messages:move": Endpoint(get=FORM, post=NO_WRITING, kwargs=part),
    "messages:add": Endpoint(get=FORM, post=NO_WRITING, kwargs=part),
    "messages:keep": Endpoint(get=FORM, post=UNFILLED, kwargs=section),
    "messages:unlink": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=section),
    "messages:canvas": Endpoint(get=FORM, post=NO_WRITING, kwargs=letter),
    "messages:import": Endpoint(get=SEE, post=NOTHING),
    "messages:import_draft": Endpoint(get=ACT_GET, post=NOTHING),
    "messages:paste": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 200, 200, 200)),
    "messages:thumbnail": Endpoint(
        get=SEE, post=NO_WRITING, kwargs=lambda cast: {"slug": "digest"}
    ),
    "messages:look": Endpoint(get=FORM, post=NO_WRITING, kwargs=letter),
    "messages:convert": Endpoint(get=FORM, post=ACT_POST, kwargs=message),
    "messages:convert_frame": Endpoint(get=FORM, post=NO_WRITING, kwargs=message),
    "messages:translations": Endpoint(get=FORM, post=BEHIND, kwargs=letter),
    "messages:translation": Endpoint(get=FORM, post=BEHIND, kwargs=translation),
    "messages:translation_remove": Endpoint(get=FORM, post=ACT_POST, kwargs=translation),
    "messages:delete": Endpoint(get=FORM, post=ACT_POST, kwargs=message),
    "messages:restore": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=message),
    "messages:duplicate": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=message),
    "messages:discard": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=message),
    "messages:test": Endpoint(get=FORM, post=FORM, kwargs=message),
    "messages:fix": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 404, 404, 403), kwargs=message),
    "messages:samples": Endpoint(get=SEE, post=NO_WRITING),
    "messages:attach": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=message),
    "messages:attachment": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=attachment),
    "messages:detach": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=attachment),
    "messages:personal_files": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=message),
    "messages:personal_file_add": Endpoint(get=FORM, post=FORM, kwargs=message),
    "messages:personal_file": Endpoint(get=FORM, post=FORM, kwargs=personal_file),
    "messages:personal_file_remove": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=personal_file),
    "messages:personal_archive": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=personal_file),
    "messages:frame": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=message),
    "messages:version": Endpoint(get=SEE_OWN, post=ACT_POST, kwargs=version),
    "messages:version_frame": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=version),
}

COUNTS = {"/messages/": 4, "/messages/new/": 5, "/messages/new/?form=html": 5}

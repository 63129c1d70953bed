"""The files of one recipient for a test: those that a run would bring, brought now."""

from __future__ import annotations

from apps.core.contracts import StagedFile
from apps.delivery.engine.staging.beginning import refusal_of
from apps.delivery.engine.staging.fetching import fetch
from apps.delivery.engine.staging.finding import LocalFiles
from apps.delivery.engine.staging.results import Result
from apps.mailings.fields import fields_of
from apps.mailings.models import Message, PersonalFile, Recipient
from apps.mailings.personal_files.archives import MISSING
from apps.mailings.personal_files.naming import Wanted, kept


def files_of_sample(message: Message, person: Recipient) -> tuple[StagedFile, ...]:
    """What this person would get; of what programs give nothing is there before a mailing is.

    Raises FileMissing, FileTooLarge, FileUnreachable and PersonalFileRefused for what must be
    there, and TemplateRefused.
    """
    found = []
    source = PersonalFile.Source
    for file in message.personal_files.exclude(source=source.API).order_by("pk"):
        wanted = Wanted(kept(file))
        mine = wanted.of(fields_of(person))
        if file.source == source.URL:
            result = fetch(mine.origin, mine.name) if mine.origin else Result(MISSING)
        else:
            result = LocalFiles(wanted, 0, [mine.origin]).result(mine.origin, mine.name)
        if result.sha256:
            staged = StagedFile(mine.name, result.content_type, result.sha256, result.size)
            found.append(staged)
        elif file.required:
            raise refusal_of(result.code or MISSING, mine.name)
    return tuple(found)

"""What sending leaves of a person beside the ledger: files of the outbox, the last error."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction

from apps.core.personal_data import Person, PersonalData
from apps.core.responses.stored import MAX_RESPONSE, Response
from apps.delivery.models import AccountState

_ENDINGS = ("eml", "txt", "part")


class SendingData(PersonalData):
    """Messages that an outbox wrote to files, and what a server said of the last one."""

    name = "files"

    def erase(self, person: Person) -> int:
        for account in AccountState.objects.exclude(last_error=""):
            if person.names(account.last_error):
                cut = Response(person.cut(account.last_error)[:MAX_RESPONSE])
                AccountState.objects.filter(pk=account.pk).update(last_error=cut)
        directory = Path(settings.OUTBOX_DIR)
        found = [
            path
            for number in person.delivery_ids
            for ending in _ENDINGS
            if (path := directory / f"{number}.{ending}").exists()
        ]
        for path in found:
            transaction.on_commit(partial(path.unlink, missing_ok=True))
        return len(found)

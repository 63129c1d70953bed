"""From a run's snapshot and a claimed delivery to a letter: compiled once per run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from apps.core.contracts import Claimed, Letter, Outcome, Verdict
from apps.delivery.accounts import Declared
from apps.delivery.channels.email.compile import (
    CompiledEmail,
    EmailContent,
    RenderRefused,
    compile_email,
)
from apps.mailings.links import unsubscribe_url
from apps.mailings.models import Run


def compile_run(run: Run, account: Declared, now: datetime) -> CompiledEmail:
    """Compile the run's snapshot. Raises ContentRefused when it cannot be sent as it is."""
    domain = account.from_email.rpartition("@")[2] or "localhost"
    content = EmailContent(
        subject=run.content["subject"],
        text=run.content["text"],
        html=run.content["html"],
        from_email=account.from_email,
        from_name=account.from_name,
        reply_to="",
        list_id=f"mailing-{run.mailing_id}.{domain}",
        message_id_domain=domain,
        run_key=run.key,
        envelope_sender=account.from_email,
    )
    return compile_email(content, unsubscribe_url, None, now)


def render(
    compiled: CompiledEmail, claimed: Iterable[Claimed]
) -> tuple[list[Letter], list[Outcome]]:
    """Letters for all that can be written, and a failure for each that cannot."""
    letters: list[Letter] = []
    refused: list[Outcome] = []
    for one in claimed:
        try:
            letters.append(compiled.fill(one))
        except RenderRefused as refusal:
            words = f"{refusal.code}: {refusal}"
            refused.append(Outcome(one.delivery_id, Verdict.FAILED, response=words))
    return letters, refused

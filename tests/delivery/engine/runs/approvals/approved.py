"""A mailing that a manager has approved."""

from __future__ import annotations

from django.utils import timezone

from apps.delivery.engine.runs.approvals import decisions as approvals
from apps.mailings.models import Approval, Mailing
from apps.users.models import User
from tests.factories import ManagerFactory

#: What is approved is read again on purpose: it might have been changed meanwhile.
READ_AGAIN = [
    {"model": model, "field": field}
    for model, field in (
        ("mailings.Message", "attachments"),
        ("mailings.Mailing", "*"),
        ("mailings.Approval", "*"),
        ("mailings.Experiment", "*"),
        ("mailings.Feed", "*"),
        ("mailings.PersonalFile", "*"),
        ("mailings.MessageTranslation", "*"),
        ("mailings.Message", "*"),
        ("users.User", "*"),
        ("mailings.Recipient", "*"),
    )
]


def approve(mailing: Mailing, by: User | None = None, *, yes: bool = True) -> Approval:
    """Ask for it as it is stored, and let a manager decide."""
    asked = approvals.ask(mailing.pk, asked_by=mailing.owner_id)
    manager = by or ManagerFactory.create()
    return approvals.decide(
        asked.pk, actor=manager, yes=yes, word="Name the price", now=timezone.now()
    )

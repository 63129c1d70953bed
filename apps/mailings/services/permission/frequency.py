"""The frequency rules of an owner: how many messages one person may get in a time."""

from __future__ import annotations

from typing import Final

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import FrequencyGate, FrequencyRule
from apps.users.models import User

log = structlog.get_logger(__name__)

#: More rules than a person keeps in mind help nobody.
MOST: Final = 3


class FrequencyRefused(Refused):
    """The rule is not possible, or there are too many."""

    code = "frequency_refused"


@transaction.atomic
def set_rules(*, owner: User, rules: list[tuple[int, int, str]]) -> list[FrequencyRule]:
    """Replace the owner's rules (messages, days, channel). Raises FrequencyRefused.

    The gate comes before the first rule and stays: a claim that holds it counts by whole rules.
    """
    if len(rules) > MOST:
        raise FrequencyRefused(_("Three rules at most."))
    FrequencyGate.objects.get_or_create(owner=owner)
    FrequencyGate.objects.select_for_update().get(owner=owner)
    FrequencyRule.objects.filter(owner=owner).delete()
    made = []
    for messages, days, channel in rules:
        rule = FrequencyRule(owner=owner, messages=messages, days=days, channel=channel)
        try:
            rule.full_clean()
        except ValidationError as error:
            raise FrequencyRefused(error.messages[0]) from None
        rule.save()
        made.append(rule)
    log.info("frequency_rules_set", owner_id=owner.pk, count=len(made))
    return made

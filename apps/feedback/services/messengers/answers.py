"""A few words to one who has just connected, where the answer of a webhook carries none."""

from __future__ import annotations

import secrets

import structlog
from django.conf import settings

from apps.delivery.channels.http.client import CallFailed
from apps.delivery.channels.max.bot import MaxBot, MaxRefused
from apps.delivery.channels.vk import community
from apps.mailings.models import Channel

log = structlog.get_logger(__name__)


def say(*, account: str, person: int, text: str) -> None:
    """Say it at once. When it cannot be said, the connection holds all the same."""
    declared = settings.ACCOUNTS[account]
    try:
        if declared.kind == Channel.MAX:
            bot = MaxBot(declared.url, declared.token, ca_file=declared.ca_file)
            try:
                bot.say(person, text)
            finally:
                bot.close()
        else:
            community.say(
                declared.url,
                declared.token,
                declared.ca_file,
                person=person,
                text=text,
                random_id=secrets.randbelow(2**31 - 1) + 1,
            )
    except (CallFailed, MaxRefused, community.VkRefused) as error:
        log.warning("messenger_answer_failed", account=account, response=str(error.response))

"""The URLs for providers' robots, and for connecting Telegram."""

from __future__ import annotations

from typing import Any

from apps.mailings.links import CONFIRM, PREFERENCES, VIEW, sealed
from apps.mailings.services.publishing.archive import archive_of, publish
from tests.access.rules.recipients import FORM, recipient
from tests.access.rules.types import LOGIN, NO_WRITING, SEE_OWN, Endpoint, everybody
from tests.feedback.signups import live_form, waiting_signup
from tests.people import Cast


def public_form(cast: Cast) -> dict[str, Any]:
    return {"slug": live_form(cast.owner, texts={"en": {}, "ru": {}}).slug}


def confirmation(cast: Cast) -> dict[str, Any]:
    return {"token": sealed(CONFIRM, waiting_signup(cast.owner, "ru").pk)}


def preferences_of(cast: Cast) -> dict[str, Any]:
    return {"token": sealed(PREFERENCES, cast.owner.pk)}


def archive(cast: Cast) -> dict[str, Any]:
    return {"slug": archive_of(cast.owner).slug}


def archived(cast: Cast) -> dict[str, Any]:
    """A mailing that is public, in its owner's archive."""
    return {**archive(cast), "mailing": publish(cast.mailing).slug}


ENDPOINTS = {
    # A form without an address is shown again, with what is missing.
    "feedback:signup": Endpoint(get=everybody(200), post=everybody(400), kwargs=public_form),
    "feedback:signup_script": Endpoint(get=everybody(200), post=everybody(405), kwargs=public_form),
    "feedback:signup_challenge": Endpoint(
        get=everybody(200), post=everybody(405), kwargs=public_form
    ),
    "feedback:confirm_signup": Endpoint(
        get=everybody(200), post=everybody(200), kwargs=confirmation
    ),
    # Without a secret in .env there is no such URL.
    "feedback:hook": Endpoint(
        get=everybody(404),
        post=everybody(404),
        kwargs=lambda cast: {"provider": "generic", "secret": "s" * 32},
    ),
    **{
        f"feedback:{kind}_hook": Endpoint(
            get=everybody(405), post=everybody(404), kwargs=lambda cast: {"secret": "s" * 43}
        )
        for kind in ("telegram", "max", "vk", "sms")
    },
    # Without an address it is asked for again.
    "feedback:ask_for_link": Endpoint(
        get=everybody(200), post=everybody(400), kwargs=preferences_of
    ),
    # Who has the link sees the letter; only the seal opens it.
    "feedback:letter": Endpoint(
        get=everybody(200),
        post=everybody(405),
        kwargs=lambda cast: {"token": sealed(VIEW, cast.delivery.pk)},
    ),
    # What is public is public.
    "feedback:archive": Endpoint(get=everybody(200), post=everybody(405), kwargs=archive),
    "feedback:archive_feed": Endpoint(get=everybody(200), post=everybody(405), kwargs=archive),
    "feedback:archived_letter": Endpoint(get=everybody(200), post=everybody(405), kwargs=archived),
    # A forged token: a genuine one is tried in tests/feedback.
    "feedback:fresh_link": Endpoint(
        get=everybody(404), post=everybody(404), kwargs=lambda cast: {"token": "x" * 32}
    ),
    "feedback:news": Endpoint(
        get=SEE_OWN, post=NO_WRITING, kwargs=lambda cast: {"pk": cast.delivery.pk}
    ),
    # The tests declare no bot, so there is nothing to make a link for, and no link.
    **{
        f"feedback:{kind}": Endpoint(get=FORM, post=(LOGIN, LOGIN, 404, 404, 403), kwargs=recipient)
        for kind in ("telegram", "max", "vk")
    },
    **{
        f"feedback:{kind}_qr": Endpoint(
            get=(LOGIN, LOGIN, 404, 404, 403), post=NO_WRITING, kwargs=recipient
        )
        for kind in ("telegram", "max", "vk")
    },
}

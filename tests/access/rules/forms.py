"""An owner's sign-up forms and consent texts."""

from __future__ import annotations

from typing import Any

from apps.mailings.services.permission.forms import save_consent_text
from tests.access.rules.recipients import FORM, NEW, imported, mailing_list
from tests.access.rules.types import ACT_GET, ACT_POST, LOGIN, NO_WRITING, SEE, SEE_OWN, Endpoint
from tests.feedback.signups import live_form
from tests.people import Cast


def form(cast: Cast) -> dict[str, Any]:
    return {"pk": live_form(cast.owner).pk}


def text(cast: Cast) -> dict[str, Any]:
    save_consent_text(owner=cast.owner, key="ads", texts={"en": "I agree."})
    return {"key": "ads"}


def export(cast: Cast) -> dict[str, Any]:
    return {**form(cast), "form": "csv"}


ENDPOINTS = {
    "forms:list": Endpoint(get=SEE, post=NO_WRITING),
    "forms:create": Endpoint(get=SEE, post=NEW),
    "forms:preview": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 200, 200, 200)),
    "forms:texts": Endpoint(get=SEE, post=NO_WRITING),
    "forms:text_create": Endpoint(get=SEE, post=NEW),
    # Nobody sees the texts of others, a manager neither: they are words, not people.
    "forms:text": Endpoint(
        get=(LOGIN, LOGIN, 404, 200, 404), post=(LOGIN, LOGIN, 404, 200, 404), kwargs=text
    ),
    "forms:detail": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=form),
    "forms:edit": Endpoint(get=FORM, post=FORM, kwargs=form),
    "forms:publish": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=form),
    "forms:close": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=form),
    "forms:delete": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=form),
    "forms:ask_list": Endpoint(get=FORM, post=ACT_POST, kwargs=mailing_list),
    "forms:ask_import": Endpoint(get=FORM, post=ACT_POST, kwargs=imported),
    "forms:signups": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=form),
    "forms:export": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=export),
}

COUNTS = {"/forms/": 4, "/forms/new/": 9, "/forms/texts/": 4}

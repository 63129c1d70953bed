"""Sign-up forms: what an owner does to them, and what each published version shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from apps.core.errors import Refused
from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.core.text.formatting import refusal_text
from apps.mailings.models import (
    AttributeDefinition,
    Channel,
    ConsentText,
    MailingList,
    SignupForm,
    SignupFormVersion,
)
from apps.mailings.sender_rules import check_sender, sender_or_refused
from apps.mailings.sending_accounts import unfit_accounts
from apps.users.models import User

log = structlog.get_logger(__name__)

#: The field of a form that is no attribute.
NAME: Final = "full_name"
#: What a form says in each of its languages, and how long it may be.
TEXTS: Final[Mapping[str, int]] = {
    "title": 120,
    "intro": 1000,
    "button": 40,
    "thanks": 500,
    "subject": 150,
    "email": 3000,
}
#: The longest wording of a consent.
LONGEST_CONSENT: Final = 4000


class FormIncomplete(Refused):
    """The form has no list that it may offer, no language, or a consent without its text."""

    code = "form_incomplete"


class FormClosed(Refused):
    """The form takes no sign-ups."""

    code = "form_closed"


class SignupFormService(BaseCRUDService[SignupForm]):
    """An actor's sign-up forms."""

    def rows(self) -> OwnedQuerySet[SignupForm]:
        """Forms that are not in the archive."""
        return SignupForm.objects.filter(archived_at=None)

    @transaction.atomic
    def save(self, row: SignupForm, *, lists: list[MailingList] | None = None) -> SignupForm:
        """Check and save a form. What it shows changes with the next version. ValidationError."""
        _check(row)
        row.save()
        if lists is not None:
            if unfit := [one.title for one in lists if not _may_be_offered(one, row.owner_id)]:
                text = _("A form offers public lists in use: %(names)s") % {
                    "names": ", ".join(unfit[:5])
                }
                raise ValidationError({"lists": ValidationError(text, code="private")})
            row.lists.set(lists)
        return row

    @transaction.atomic
    def remove(self, row: SignupForm, *, now: datetime) -> bool:
        """Delete a form that was never published; archive one with a history. True when deleted."""
        if not row.versions.exists():
            row.delete()
            return True
        row.state, row.archived_at = SignupForm.State.CLOSED, now
        row.save(update_fields=["state", "archived_at", "updated_at"])
        return False


def _check(form: SignupForm) -> None:
    """What the model alone cannot say."""
    errors: dict[str, Any] = dict(unfit_accounts([(Channel.EMAIL, form.account)], form.owner))
    try:
        if (sender := sender_or_refused(form.sender_id, form.owner_id)) is not None:
            check_sender(sender, owner_id=form.owner_id, accounts=[form.account])
    except Refused as refusal:
        errors["sender"] = ValidationError(refusal_text(refusal), code=refusal.code)
    if form.redirect_url and not form.redirect_url.startswith("https://"):
        text = _("The page after signing up must be at an https:// address.")
        errors["redirect_url"] = ValidationError(text, code="https")
    if errors:
        raise ValidationError(errors)
    form.full_clean(exclude={"owner", "sender"})


def _may_be_offered(one: MailingList, owner_id: int) -> bool:
    public = one.visibility == MailingList.Visibility.PUBLIC
    return one.owner_id == owner_id and public and one.archived_at is None


@transaction.atomic
def publish(*, form: SignupForm, now: datetime) -> SignupFormVersion:
    """Open the form with what it shows now; a new version only when that has changed.

    Raises FormIncomplete.
    """
    shown = shown_of(form)
    _check_whole(shown)
    sha256 = digest_of(shown)
    SignupForm.objects.select_for_update().get(pk=form.pk)
    newest = form.versions.order_by("-number").first()
    if newest is None or newest.sha256 != sha256:
        number = newest.number + 1 if newest else 1
        newest = SignupFormVersion.objects.create(
            form=form, number=number, shown=shown, sha256=sha256
        )
    form.state = SignupForm.State.LIVE
    form.save(update_fields=["state", "updated_at"])
    log.info("form_published", form_id=form.pk, version=newest.number)
    return newest


def close(*, form: SignupForm) -> None:
    """The form takes no more sign-ups. Who has been asked to confirm still can."""
    form.state = SignupForm.State.CLOSED
    form.save(update_fields=["state", "updated_at"])
    log.info("form_closed", form_id=form.pk)


def digest_of(shown: Mapping[str, Any]) -> str:
    """The digest of all that a version shows."""
    return hashlib.sha256(_canonical(shown).encode()).hexdigest()


def _canonical(shown: Mapping[str, Any]) -> str:
    return json.dumps(shown, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def shown_of(form: SignupForm, lists: list[MailingList] | None = None) -> dict[str, Any]:
    """All that the form shows, as it would be published now; of ``lists`` if it is not saved."""
    rows = form.lists.order_by("position", "title", "pk") if lists is None else lists
    offered = [one for one in rows if _may_be_offered(one, form.owner_id)]
    languages = {code: _worded(code, texts, form) for code, texts in sorted(form.texts.items())}
    return {
        "title": form.title,
        "offered": form.offered,
        "lists": [
            {"id": one.pk, "title": one.title, "description": one.description} for one in offered
        ],
        "fields": _fields_of(form),
        "languages": languages,
    }


def _worded(code: str, texts: Mapping[str, str], form: SignupForm) -> dict[str, Any]:
    """The texts of one language: the owner's own, and ours where there is none."""
    own = {name: text for name, text in texts.items() if name in TEXTS and text.strip()}
    with override(code):
        usual = {
            "title": form.title,
            "intro": "",
            "button": pgettext("sign-up", "Subscribe"),
            "thanks": _(
                "If this address can be subscribed, we have sent an email to it. Open the link in"
                " the email to confirm."
            ),
            "subject": _("Confirm your subscription: %(title)s") % {"title": form.title},
            "email": _(
                "Somebody, we hope it was you, has asked to subscribe this address to “%(title)s”."
                " Confirm it by the link below.\n\nIf it was not you, do nothing: you will not be"
                " subscribed."
            )
            % {"title": own.get("title", form.title)},
        }
    consents = latest_texts(form.owner_id, code)
    boxes = [
        {"id": row.pk, "key": row.key, "sha256": row.sha256, "text": row.text}
        for key in form.consent_texts
        if (row := consents.get(key)) is not None
    ]
    return {**usual, **own, "consents": boxes}


def _fields_of(form: SignupForm) -> list[dict[str, Any]]:
    """The fields besides the address, each as its attribute is defined now."""
    known = {row.name: row for row in public_attributes(form.owner_id)}
    found: list[dict[str, Any]] = []
    for one in form.fields:
        name, required = str(one.get("name", "")), bool(one.get("required"))
        if name == NAME:
            found.append({"name": name, "label": "", "kind": "text", "choices": []})
        elif (row := known.get(name)) is not None:
            field = {"name": name, "label": row.label or name, "kind": row.kind}
            found.append({**field, "choices": row.choices})
        else:
            continue
        found[-1]["required"] = required
    return found


def _check_whole(shown: Mapping[str, Any]) -> None:
    if not shown["lists"]:
        raise FormIncomplete(_("Choose at least one public list for this form."))
    if not shown["languages"]:
        raise FormIncomplete(_("Choose at least one language for this form."))
    keys = {box["key"] for texts in shown["languages"].values() for box in texts["consents"]}
    for code, texts in shown["languages"].items():
        missing = keys - {box["key"] for box in texts["consents"]}
        if missing:
            name = get_language_info(code)["name_translated"]
            text = _("The consent text “%(key)s” has no wording in this language: %(language)s.")
            raise FormIncomplete(text % {"key": min(missing), "language": name})


def public_attributes(owner_id: int) -> OwnedQuerySet[AttributeDefinition]:
    """The attributes that a form of this owner may ask for."""
    return AttributeDefinition.objects.filter(owner_id=owner_id, public=True, archived_at=None)


def latest_texts(owner_id: int, language: str) -> dict[str, ConsentText]:
    """The newest wording of each of the owner's consent texts in a language, by key."""
    rows = ConsentText.objects.filter(owner_id=owner_id, language=language)
    return {row.key: row for row in rows.order_by("key", "version")}


def current_texts(owner_id: int) -> dict[str, dict[str, ConsentText]]:
    """The newest wordings of the owner's consent texts, by key and language."""
    found: dict[str, dict[str, ConsentText]] = {}
    for row in ConsentText.objects.filter(owner_id=owner_id).order_by("key", "version"):
        found.setdefault(row.key, {})[row.language] = row
    return found


@transaction.atomic
def save_consent_text(*, owner: User, key: str, texts: Mapping[str, str]) -> int:
    """Keep the wordings of a consent text by language: those that changed as its next version.

    What was shown before stays as it was. Returns the number of the newest version. Raises
    ValidationError.
    """
    User.objects.select_for_update().get(pk=owner.pk)  # versions are numbered one after the other
    rows = ConsentText.objects.filter(owner=owner, key=key)
    newest: int = rows.aggregate(newest=Max("version"))["newest"] or 0
    known = {row.language: row for row in rows.order_by("version")}
    changed = {
        language: text.strip()
        for language, text in texts.items()
        if text.strip() and (language not in known or known[language].text != text.strip())
    }
    for language, text in changed.items():
        row = ConsentText(owner=owner, key=key, version=newest + 1, language=language, text=text)
        row.sha256 = hashlib.sha256(text.encode()).hexdigest()
        row.full_clean(exclude={"owner"})
        row.save()
    return newest + 1 if changed else newest

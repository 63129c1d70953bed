"""`/api/forms/`."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Counted, Page, PageQuery, Removed, answers
from apps.api.schemas.permission.forms import (
    SignupFormIn,
    SignupFormOut,
    SignupIds,
    SignupOut,
    SignupQuery,
    VersionOut,
)
from apps.core.site import site_url
from apps.feedback.models import Signup, SignupCounts
from apps.feedback.services.signups.review import drop, release
from apps.mailings.models import MailingList, SignupForm
from apps.mailings.services.permission import forms as services
from apps.mailings.services.permission.forms import SignupFormService

router = Router(tags=["Forms"])

_PLAIN = (
    *("id", "state", "title", "offered", "fields", "texts", "consent_texts", "redirect_url"),
    *("account", "sender_id", "expires_hours", "proof", "disposable", "check_mx", "origins"),
)
_FIGURES = ("received", "confirmed", "waiting", "held", "expired", "refused")


def forms_of(request: ApiRequest) -> SignupFormService:
    return SignupFormService(request.auth.user)


def body_of(form: SignupForm) -> dict[str, Any]:
    newest = form.versions.order_by("-number").values_list("number", flat=True).first()
    counts = SignupCounts.objects.filter(form=form).first() or SignupCounts(form=form)
    return {name: getattr(form, name) for name in _PLAIN} | {
        "url": f"{site_url()}/f/{form.slug}/",
        "version": newest,
        "lists": list(form.lists.order_by("pk").values_list("pk", flat=True)),
        "counts": {name: getattr(counts, name) for name in _FIGURES},
    }


@router.get("/", response=answers({200: Page[SignupFormOut]}), summary="List sign-up forms")
def list_forms(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """One's own, the newest first; for managers everybody's."""
    found = page_of(forms_of(request).list(), page)
    return found | {"items": [body_of(form) for form in found["items"]]}


@router.post("/", response=answers({201: SignupFormOut}, 400), summary="Add a sign-up form")
def add_form(request: ApiRequest, given: SignupFormIn) -> Status[dict[str, Any]]:
    """It is a draft until it is published."""
    fresh = SignupForm(owner=request.auth.user)
    return Status(201, body_of(_filled(request, fresh, given)))


@router.get("/{int:pk}/", response=answers({200: SignupFormOut}, 404), summary="One form")
def get_form(request: ApiRequest, pk: int) -> dict[str, Any]:
    return body_of(forms_of(request).visible_or_404(pk))


@router.put("/{int:pk}/", response=answers({200: SignupFormOut}, 400, 404), summary="Change it")
def replace_form(request: ApiRequest, pk: int, given: SignupFormIn) -> dict[str, Any]:
    """People see the change when it is published."""
    return body_of(_filled(request, forms_of(request).editable_or_403(pk), given))


def _filled(request: ApiRequest, form: SignupForm, given: SignupFormIn) -> SignupForm:
    values = given.dict()
    ids = set(values.pop("lists"))
    lists = list(MailingList.objects.editable_by(request.auth.user).filter(pk__in=ids))
    if missing := ids - {one.pk for one in lists}:
        text = _("You have no such lists: %(ids)s") % {"ids": ", ".join(map(str, sorted(missing)))}
        raise ValidationError({"lists": ValidationError(text, code="unknown")})
    for name, value in values.items():
        setattr(form, name, value)
    return forms_of(request).save(form, lists=lists)


@router.delete("/{int:pk}/", response=answers({200: Removed}, 404), summary="Remove it")
def delete_form(request: ApiRequest, pk: int) -> dict[str, int]:
    """Deleted when it was never published; otherwise closed and archived."""
    forms = forms_of(request)
    deleted = forms.remove(forms.editable_or_403(pk), now=timezone.now())
    return {"deleted": int(deleted), "archived": int(not deleted)}


@router.post(
    "/{int:pk}/publish/", response=answers({200: SignupFormOut}, 404, 409), summary="Publish it"
)
def publish_form(request: ApiRequest, pk: int) -> dict[str, Any]:
    """Opens the form with what it shows now; a new version only when that has changed."""
    form = forms_of(request).editable_or_403(pk)
    services.publish(form=form, now=timezone.now())
    return body_of(form)


@router.post("/{int:pk}/close/", response=answers({200: SignupFormOut}, 404), summary="Close it")
def close_form(request: ApiRequest, pk: int) -> dict[str, Any]:
    """Nobody signs up any more; who was asked to confirm still can."""
    form = forms_of(request).editable_or_403(pk)
    services.close(form=form)
    return body_of(form)


@router.get(
    "/{int:pk}/versions/", response=answers({200: Page[VersionOut]}, 404), summary="Its versions"
)
def list_form_versions(request: ApiRequest, pk: int, page: Query[PageQuery]) -> dict[str, Any]:
    """What it showed, word by word; the newest first."""
    return page_of(forms_of(request).visible_or_404(pk).versions.all(), page)


@router.get(
    "/{int:pk}/signups/", response=answers({200: Page[SignupOut]}, 404), summary="Its sign-ups"
)
def list_signups(request: ApiRequest, pk: int, page: Query[SignupQuery]) -> dict[str, Any]:
    """The newest first. Network addresses are on the form's page alone."""
    rows = Signup.objects.filter(form=forms_of(request).visible_or_404(pk))
    if page.state:
        rows = rows.filter(state=page.state)
    found = page_of(rows.select_related("version"), page, counted=rows)
    return found | {"items": [_signup(row) for row in found["items"]]}


def _signup(row: Signup) -> dict[str, Any]:
    names = [name for name in SignupOut.model_fields if name not in ("recipient", "version")]
    return {name: getattr(row, name) for name in names} | {
        "recipient": row.recipient_id,
        "version": row.version.number,
    }


@router.post(
    "/{int:pk}/signups/release/",
    response=answers({200: Counted}, 404, 409),
    summary="Release held sign-ups",
)
def release_signups(request: ApiRequest, pk: int, given: SignupIds) -> dict[str, int]:
    """Sends their emails, past the limits on sign-ups."""
    return {"count": release(signups=_held(request, pk, given), now=timezone.now())}


@router.post(
    "/{int:pk}/signups/drop/", response=answers({200: Counted}, 404), summary="Drop held sign-ups"
)
def drop_signups(request: ApiRequest, pk: int, given: SignupIds) -> dict[str, int]:
    """Nobody is notified."""
    return {"count": drop(signups=_held(request, pk, given), now=timezone.now())}


def _held(request: ApiRequest, pk: int, given: SignupIds) -> list[Signup]:
    form = forms_of(request).editable_or_403(pk)
    rows = Signup.objects.filter(form=form, state=Signup.State.HELD, pk__in=given.ids)
    return list(rows.order_by("pk"))

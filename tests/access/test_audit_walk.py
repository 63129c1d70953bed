"""Every write leaves an entry in the audit log: of models, services, pages, forms and routes.

1. Every model is noted, or has a reason why not; what is noted is written through what notes it.
2. No service writes past the models, or it has a reason.
3. Every route of the API, every page that takes a form and every form of the administration is
   carried out; what it writes to a noted table stands in the log afterwards.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.core.audit.models import AuditedModel, AuditedQuerySet
from apps.core.audit.rule import audit_rule_of
from apps.users.models import AuditEntry, User
from tests.access.audit_reasons import CALLS, MODELS, PAST_THE_MODELS
from tests.access.rows import rows
from tests.access.rules import ENDPOINTS
from tests.access.rules.types import ROLES
from tests.api.access_rules import RULES
from tests.api.conftest import Voice, voice_of
from tests.api.test_access import OPERATIONS, PUBLIC, call
from tests.api.things import things_of
from tests.browser_form import fields_of, opened
from tests.factories import (
    MailingFactory,
    MessageFactory,
    RecipientFactory,
    UserFactory,
    confirmed,
)
from tests.people import Cast
from tests.recording_dispatcher import RecordingDispatcher, dispatching

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_cover")]

OURS: Final = [
    model
    for model in apps.get_models()
    if model._meta.app_config is not None and model._meta.app_config.name.startswith("apps.")
]
NOTED: Final = [model for model in OURS if audit_rule_of(model) is not None]


# --- models


def test_every_model_is_noted_or_says_why_not() -> None:
    unnoted = {model._meta.label for model in OURS if audit_rule_of(model) is None}
    assert unnoted == set(MODELS)


@pytest.mark.parametrize("model", NOTED, ids=lambda model: model.__name__)
def test_a_noted_model_is_written_through_what_notes_it(model: Any) -> None:
    assert issubclass(model, AuditedModel)
    assert isinstance(model._default_manager.get_queryset(), AuditedQuerySet)
    rule = audit_rule_of(model)
    assert rule is not None
    names = {field.name for field in model._meta.concrete_fields}
    assert {*rule.quiet, *rule.hidden, *rule.unless} <= names, "a field that is none"
    assert not rule.name or rule.name in names
    assert rule.columns(model), "nothing of it is noted"


# --- services


def writes_past_the_models(text: str) -> bool:
    """True when the module sends SQL of its own, or writes by what asks no model."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name = node.func.attr
        if name in ("execute", "executemany", "copy_expert", "_raw_delete", "_update"):
            return True
        if name in ("update", "delete", "bulk_create", "bulk_update", "get_or_create"):
            if "_base_manager" in ast.unparse(node.func):
                return True
    return False


def test_no_service_writes_past_the_models_without_a_reason() -> None:
    found = {
        path.relative_to(settings.BASE_DIR).as_posix()
        for path in (settings.BASE_DIR / "apps").rglob("*.py")
        if "migrations" not in path.parts
        and writes_past_the_models(path.read_text(encoding="utf-8"))
    }
    assert found == set(PAST_THE_MODELS)


# --- what is carried out


Rows = dict[Any, dict[str, Any]]


def stored() -> dict[str, Rows]:
    """Every noted table as it is: what is noted of each row, by its id."""
    found: dict[str, Rows] = {}
    for model in NOTED:
        rule = audit_rule_of(model)
        assert rule is not None
        columns = ("pk", *rule.columns(model), *rule.unless)
        values = model._base_manager.values(*dict.fromkeys(columns))
        found[model._meta.label_lower] = {row["pk"]: row for row in values if rule.passes(row)}
    return found


def changed_between(before: dict[str, Rows], after: dict[str, Rows]) -> set[str]:
    """The tables that differ, but for what pointed at a row that was deleted."""
    return {
        label
        for label, rows in after.items()
        for pk in {*rows, *before[label]}
        if _differs(before[label].get(pk), rows.get(pk))
    }


def _differs(old: dict[str, Any] | None, new: dict[str, Any] | None) -> bool:
    if old is None or new is None:
        return True
    changed = {name for name in new if old[name] != new[name]}
    return any(not (name.endswith("_id") and new[name] is None) for name in changed)


@contextmanager
def everything_is_noted() -> Iterator[None]:
    """What is written inside to a noted table stands in the log at the end."""
    last = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    before = stored()
    yield
    fresh = AuditEntry.objects.filter(pk__gt=last)
    noted = set(fresh.values_list("object_type", flat=True))
    for details in fresh.filter(act="deleted").values_list("details", flat=True):
        noted |= {label.lower() for label in details.get("with", ())}
    assert changed_between(before, stored()) - noted == set()


WRITING: Final = sorted(
    name
    for name, (method, _path) in OPERATIONS.items()
    if method != "GET" and RULES[name].owner < 300
)


def anna() -> Voice:
    return voice_of(confirmed(UserFactory.create(email="anna@example.org")))


@pytest.mark.parametrize("name", WRITING)
def test_every_route_leaves_an_entry(name: str) -> None:
    voice = anna()
    assert voice.user is not None
    things = things_of(voice.user)
    before = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with dispatching(RecordingDispatcher()), everything_is_noted():
        answer = call(voice, name, things)
    assert answer.status == RULES[name].owner, answer.text
    fresh = AuditEntry.objects.filter(pk__gt=before).exclude(act="token_used")
    assert fresh.exists() is (name not in CALLS), list(fresh.values_list("act", "object_type"))


def test_no_reason_is_left_over() -> None:
    assert set(CALLS) <= {*WRITING, *PUBLIC}


POSTED: Final = [
    (name, role)
    for name, endpoint in sorted(ENDPOINTS.items())
    for role, expected in zip(ROLES, endpoint.post, strict=True)
    if expected in (200, 302) and role in ("owner", "manager")
]


@pytest.mark.parametrize(("name", "role"), POSTED)
def test_every_page_notes_what_it_writes(name: str, role: str, cast: Cast) -> None:
    url = reverse(name, kwargs=ENDPOINTS[name].kwargs(cast))
    client = cast.client(role)
    page = client.get(url).content.decode() if ENDPOINTS[name].get[ROLES.index(role)] == 200 else ""
    form = fields_of(page, keyed=True) if "<form" in page else {}
    with dispatching(RecordingDispatcher()), everything_is_noted():
        client.post(url, form)


# --- the administration


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org", "x"))
    return client


def changeable() -> list[type[Model]]:
    """The models that a superuser changes in the administration, ours and others'."""
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    return [
        model for model, page in admin.site._registry.items() if page.has_change_permission(request)
    ]


#: A field of each form, and what is typed into it.
TYPED: Final = {
    "users.User": ("first_name", "Other"),
    "mailings.Tag": ("name", "other"),
    "mailings.Segment": ("name", "other"),
    "mailings.Recipient": ("full_name", "Other"),
    "mailings.Message": ("name", "other"),
    "mailings.MailingList": ("title", "other"),
    "mailings.SignupForm": ("title", "other"),
    "mailings.BlockedDomain": ("note", "other"),
    "mailings.Mailing": ("name", "other"),
    "delivery.AccountState": ("max_processing_runs", "7"),
}


def test_every_form_of_the_administration_is_walked() -> None:
    others = {model._meta.label for model in changeable()} - set(TYPED)
    # Those of libraries are noted by NotedAdmin (below); a suppression is lifted, not changed.
    ours = {label for label in others if label.split(".")[0] in ("users", "mailings", "delivery")}
    assert ours == set()


@pytest.mark.parametrize("label", sorted(TYPED))
def test_every_form_of_the_administration_leaves_an_entry(label: str, root: Client) -> None:
    rows(1)
    model: Any = next(one for one in OURS if one._meta.label == label)
    row = model._default_manager.order_by("pk").first()
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    url = reverse(f"{name}_change", args=[row.pk])
    field, value = TYPED[label]
    with everything_is_noted():
        response = root.post(url, {**opened(root, url, keyed=True), field: value})
    assert response.status_code == 302, response.content.decode()
    by_root = AuditEntry.objects.filter(name="root@example.org", act="changed")
    entry = by_root.get(object_type=label.lower(), object_id=row.pk, changes__has_key=field)
    assert str(entry.changes[field][1]) == value


DELETED: Final = sorted({*TYPED} - {"delivery.AccountState"})
#: Of these the rows of the walk cannot be deleted now: workers are busy with them.
_FRESH: Final[dict[str, Any]] = {
    "users.User": UserFactory,
    "mailings.Mailing": MailingFactory,
    "mailings.Message": MessageFactory,
    "mailings.Recipient": RecipientFactory,
}


@pytest.mark.parametrize("label", DELETED)
def test_every_deletion_in_the_administration_leaves_an_entry(label: str, root: Client) -> None:
    rows(1)
    model: Any = next(one for one in OURS if one._meta.label == label)
    found = model._default_manager.order_by("pk").first()
    row = _FRESH[label].create() if label in _FRESH else found
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    response = root.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"})
    assert response.status_code == 302, response.content.decode()
    entry = AuditEntry.objects.get(act="deleted", object_type=label.lower(), object_id=row.pk)
    assert entry.name == "root@example.org"


def test_groups_and_rights_are_noted(root: Client) -> None:
    user = UserFactory.create()
    assert root.post(reverse("admin:auth_group_add"), {"name": "Editors"}).status_code == 302
    entry = AuditEntry.objects.get(object_type="auth.group")
    assert (entry.act, entry.object_name) == ("created", "Editors")
    url = reverse("admin:users_user_change", args=[user.pk])
    root.post(
        url,
        {**opened(root, url, keyed=True), "groups": [str(entry.object_id)], "is_superuser": "on"},
    )
    found = AuditEntry.objects.filter(object_type="users.user", object_id=user.pk, act="changed")
    changes = {name: pair for one in found for name, pair in one.changes.items()}
    assert changes["is_superuser"] == [False, True]
    assert changes["groups"] == [[], [entry.object_id]]

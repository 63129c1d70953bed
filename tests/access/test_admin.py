"""The admin: everything can be looked at, the ledger cannot be touched, no list costs N+1."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

from apps.api.models import IdempotentCall
from apps.api.webhooks.models import ReportedImport, ReportedRun, Webhook, WebhookCall
from apps.automations.models import (
    Automation,
    AutomationEvent,
    AutomationVersion,
    Enrolment,
    SegmentPresence,
    Step,
    StepDone,
    StepMailing,
)
from apps.core.responses.stored import coded
from apps.core.text.formatting import in_words
from apps.delivery.models import (
    AccountState,
    DomainReport,
    Heartbeat,
    LimitWindow,
    Preflight,
    Probe,
    SendLatency,
    SystemMessage,
    WorkerLease,
)
from apps.feedback.models import (
    ConfirmationEmail,
    Event,
    MessengerLink,
    PublicLink,
    Signup,
    SignupCounts,
    SignupWindow,
    UsedChallenge,
)
from apps.mailings.models import (
    Activity,
    ActivityMark,
    Approval,
    Attempt,
    AttributeDefinition,
    Brand,
    Consent,
    ConsentText,
    ContentUse,
    CountedAttempts,
    DataCopy,
    Delivery,
    Engagement,
    EngagementHour,
    EngagementShare,
    EngagementSpool,
    ErasureRequest,
    FirstReaction,
    FrequencyGate,
    FrequencyRule,
    LinkEngagement,
    MediaFile,
    MediaRendition,
    MessageTemplate,
    PublicArchive,
    Reputation,
    RetentionRun,
    Run,
    RunContent,
    RunRoute,
    SavedBlock,
    SavedBlockVersion,
    Sender,
    SendingCount,
    SendingPause,
    SignupFormVersion,
    StartRequest,
    Subscription,
    SunsetCase,
    SunsetPolicy,
    Suppression,
    SuppressionEvent,
    Tombstone,
    TrackedLink,
    WaitingEngagement,
)
from apps.users.models import ApiToken, AuditEntry, User
from tests.access.rows import rows
from tests.factories import DeliveryFactory, RecipientFactory, UserFactory

pytestmark = pytest.mark.django_db

OURS = [model for model in admin.site._registry if model._meta.app_config.name.startswith("apps.")]
UNTOUCHABLE = (
    Automation,
    AutomationEvent,
    AutomationVersion,
    Enrolment,
    SegmentPresence,
    Step,
    StepDone,
    StepMailing,
    Attempt,
    Delivery,
    Run,
    RunContent,
    RunRoute,
    SendingPause,
    StartRequest,
    SuppressionEvent,
    Activity,
    ActivityMark,
    AttributeDefinition,
    FrequencyRule,
    FrequencyGate,
    Sender,
    MediaFile,
    MediaRendition,
    PublicArchive,
    ContentUse,
    Brand,
    MessageTemplate,
    SavedBlock,
    SavedBlockVersion,
    DomainReport,
    Engagement,
    EngagementHour,
    EngagementShare,
    EngagementSpool,
    FirstReaction,
    LinkEngagement,
    TrackedLink,
    WaitingEngagement,
    WorkerLease,
    LimitWindow,
    Heartbeat,
    SystemMessage,
    SendLatency,
    Probe,
    Preflight,
    Approval,
    SendingCount,
    CountedAttempts,
    Reputation,
    DataCopy,
    Event,
    ErasureRequest,
    RetentionRun,
    SunsetCase,
    SunsetPolicy,
    MessengerLink,
    PublicLink,
    Subscription,
    Consent,
    ConsentText,
    Tombstone,
    Signup,
    SignupCounts,
    SignupFormVersion,
    SignupWindow,
    UsedChallenge,
    ConfirmationEmail,
    Webhook,
    WebhookCall,
    ReportedImport,
    ReportedRun,
    IdempotentCall,
    AuditEntry,
)


@pytest.fixture
def root() -> Client:
    client = Client()
    user = User.objects.create_superuser("root@example.org", "x")
    client.force_login(user)
    return client


#: What is never committed; rows of a recipient's tags, by the million; what webhooks have yet to
#: report; keys of forms, and what was typed when a session ended, which is for its writer alone.
NOT_SHOWN = {"AuditOpening", "RecipientTag", "EnrolmentEvent", "FormSubmission", "KeptForm"}


def test_all_models_are_there() -> None:
    expected = {
        model
        for name in (
            "users",
            "mailings",
            "delivery",
            "feedback",
            "automations",
            "api",
            "webhooks",
        )
        for model in apps.get_app_config(name).get_models()
        if model.__name__ not in NOT_SHOWN
    }
    assert set(OURS) == expected


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_list_opens_searches_and_costs_the_same_for_many(
    model: Any, root: Client, django_assert_max_num_queries: Any
) -> None:
    rows(5)
    meta = model._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    with django_assert_max_num_queries(10):
        assert root.get(url).status_code == 200
    if admin.site._registry[model].search_fields:
        assert root.get(url, {"q": "1"}).status_code == 200


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_row_opens(model: Any, root: Client) -> None:
    rows(1)
    meta, row = model._meta, model.objects.first()
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    assert root.get(url).status_code == 200


@pytest.mark.parametrize("model", UNTOUCHABLE, ids=lambda model: model.__name__)
def test_what_the_ledger_and_the_engine_write_is_only_shown(model: Any, root: Client) -> None:
    rows(1)
    meta, row = model._meta, model.objects.first()
    name = f"admin:{meta.app_label}_{meta.model_name}"
    assert root.get(reverse(f"{name}_add")).status_code == 403
    assert root.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403
    assert root.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


def test_no_secret_is_shown(root: Client) -> None:
    rows(1)
    hook, call, token = Webhook.objects.get(), IdempotentCall.objects.get(), ApiToken.objects.get()
    hidden = [hook.seed, hook.old_seed, call.fingerprint, call.body, token.digest]
    for row in (hook, call, token):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        for url in (reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[row.pk])):
            page = root.get(url).content.decode()
            assert [secret for secret in hidden if secret in page] == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_stored_response_is_said_in_the_readers_language(root: Client, language: str) -> None:
    stored = coded("run_stopped")
    delivery = DeliveryFactory.create(state="cancelled", response=stored)
    AccountState.objects.update_or_create(name="email", defaults={"last_error": stored})
    pages = (
        "/admin/mailings/delivery/",
        f"/admin/mailings/delivery/{delivery.pk}/change/",
        "/admin/delivery/accountstate/",
    )
    with translation.override(language):
        text = in_words(stored)
    for page in pages:
        shown = root.get(page, headers={"accept-language": language}).content.decode()
        assert text in shown and stored not in shown, page


def test_of_an_account_only_state_and_runs_are_changed(root: Client) -> None:
    account = AccountState.objects.create(name="email", failures=3)
    url = reverse("admin:delivery_accountstate_change", args=[account.pk])
    form = {"state": "disabled", "max_processing_runs": "2", "failures": "0", "name": "other"}
    assert root.post(url, form).status_code == 302
    account.refresh_from_db()
    assert (account.state, account.max_processing_runs) == ("disabled", 2)
    assert (account.name, account.failures) == ("email", 3)


def test_a_user_is_added_by_email(root: Client) -> None:
    form = {
        "email": "new@example.org",
        "usable_password": "true",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
    }
    assert root.post(reverse("admin:users_user_add"), form).status_code == 302
    assert User.objects.get(email="new@example.org").username == "new@example.org"


def test_a_users_page_saves(root: Client) -> None:
    user = UserFactory.create()
    RecipientFactory.create(owner=user)
    url = reverse("admin:users_user_change", args=[user.pk])
    assert root.post(url, {"email": "Changed@example.org", "is_active": "on"}).status_code == 302
    user.refresh_from_db()
    assert user.email == "changed@example.org"


def test_no_field_keeps_an_english_name_in_russian() -> None:
    with translation.override("ru"):
        named = {
            f"{model._meta.label}.{field.name}": str(field.verbose_name)
            for model in admin.site._registry
            if model.__module__.startswith("apps.")
            for field in (*model._meta.local_fields, *model._meta.local_many_to_many)
        }
    same_in_both = {"id", "ID", "HTML", "SHA-256", "email"}
    english = {
        place: name
        for place, name in named.items()
        if name not in same_in_both and not re.search("[а-я]", name)
    }
    assert english == {}


@pytest.mark.parametrize(
    ("channel", "typed", "stored"),
    [
        ("email", "R0@Example.org", "r0@example.org"),
        ("email", "k@xn--80a1acny.xn--p1ai", "k@почта.рф"),
        ("phone", "+7 916 000-00-01", "79160000001"),
        ("phone", "+45 32 12 34 56", "4532123456"),
        ("telegram", " -1001234 ", "-1001234"),
        ("email", "nobody", None),
        ("email", "аnna@example.org", None),
        ("phone", "12345", None),
        ("telegram", "@anna", None),
    ],
)
def test_a_block_is_brought_into_the_form_of_recipients_or_refused(
    rf: RequestFactory, channel: str, typed: str, stored: str | None
) -> None:
    owner = UserFactory.create()
    form_class = admin.site._registry[Suppression].get_form(rf.get("/"))
    values = {"owner": owner.pk, "channel": channel, "address": typed, "reason": "blocked"}
    form = form_class(values)
    assert form.is_valid() is (stored is not None)
    if stored is None:
        assert list(form.errors) == ["address"]
        return
    assert form.save().address == stored
    # The same address in another spelling is the same block.
    assert not form_class({**values, "address": stored}).is_valid()


def test_what_the_admin_suppresses_and_lifts_leaves_its_events(root: Client) -> None:
    owner = UserFactory.create()
    form = {"owner": owner.pk, "channel": "email", "address": "R0@Example.org", "reason": "blocked"}
    assert root.post(reverse("admin:mailings_suppression_add"), form).status_code == 302
    row = Suppression.objects.get(address="r0@example.org")
    change = reverse("admin:mailings_suppression_change", args=[row.pk])
    assert root.post(change, {**form, "address": "other@example.org"}).status_code == 403
    delete = reverse("admin:mailings_suppression_delete", args=[row.pk])
    assert root.post(delete, {"post": "yes"}).status_code == 302
    acts = SuppressionEvent.objects.order_by("pk").values_list("act", "address", "actor")
    assert list(acts) == [
        ("added", "r0@example.org", "root@example.org"),
        ("lifted", "r0@example.org", "root@example.org"),
    ]

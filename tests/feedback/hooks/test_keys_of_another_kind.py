"""A key in ``.env`` that is one, but not of the provider's kind."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from structlog.testing import capture_logs

from apps.feedback.providers import PROVIDERS
from tests.feedback.conftest import SECRET, post
from tests.feedback.providers import test_postal, test_sendgrid

ELLIPTIC, RSA = test_sendgrid.public("ours"), test_postal.public("ours")


@pytest.mark.parametrize(
    ("provider", "key", "reason"),
    [
        ("postal", ELLIPTIC, "HOOK_POSTAL_KEY is no RSA key"),
        ("sendgrid", RSA, "HOOK_SENDGRID_KEY is no elliptic curve key"),
    ],
)
def test_it_believes_nobody_and_the_log_says_why(
    db: None, settings: LazySettings, provider: str, key: str, reason: str
) -> None:
    settings.HOOK_SECRET = SECRET
    setattr(settings, PROVIDERS[provider].key, key)
    with capture_logs() as logs:
        assert post(provider, b"{}", {}) == 403
    assert [line["reason"] for line in logs if line["event"] == "hook_refused"] == [reason]

"""Behind https somebody ends it: the doctor wants to know who."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from apps.delivery.doctor.installation import look_at_settings
from config.rules.edge import networks_of


@pytest.mark.parametrize(
    ("site", "proxies", "expected"),
    [
        ("https://mail.example.org", "", True),
        ("https://mail.example.org", "10.0.0.0/8", False),
        ("http://127.0.0.1:8000", "", False),
    ],
)
def test_https_without_a_trusted_proxy_is_reported(
    settings: LazySettings, site: str, proxies: str, expected: bool
) -> None:
    settings.SITE_URL, settings.TRUSTED_PROXIES = site, networks_of(proxies)
    found = [one for one in look_at_settings() if "TRUSTED_PROXIES" in one.fix]
    assert bool(found) is expected

"""Celery's settings: an encrypted broker is asked who it is, and without its backend it refuses."""

from __future__ import annotations

import ssl

import pytest
from celery import signals
from django.conf import LazySettings

from config.celery import _configuration, app


def test_an_encrypted_broker_must_prove_who_it_is(settings: LazySettings) -> None:
    settings.REDIS_URL = "rediss://broker.example.org:6380/0"
    assert _configuration()["broker_use_ssl"] == {
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
        "ssl_check_hostname": True,
    }


def test_a_broker_in_plain_is_asked_for_no_certificate(settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:6379/0"
    assert "broker_use_ssl" not in _configuration()


@pytest.mark.parametrize("started", [signals.celeryd_init, signals.beat_init])
def test_where_the_site_sends_on_its_own_no_worker_and_no_clock_starts(
    started: signals.Signal, settings: LazySettings
) -> None:
    settings.DISPATCH_BACKEND = "inprocess"
    with pytest.raises(SystemExit, match="Celery has nothing to do here"):
        started.send(sender=app)

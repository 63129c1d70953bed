"""``manage.py preflight``: looks now, says all, and fails when something does."""

from __future__ import annotations

from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.management import call_command

from tests.factories import mailing_to

pytestmark = pytest.mark.django_db


def run(number: int) -> tuple[int, str]:
    out = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("preflight", str(number), stdout=out, stderr=out)
    return int(left.value.code or 0), out.getvalue()


def test_a_fail_is_exit_code_one(settings: LazySettings) -> None:
    settings.LANGUAGE_CODE = "en"
    mailing = mailing_to(0)
    code, text = run(mailing.pk)
    assert code == 1
    assert "Problem: Audience\n  Problem: Nobody would get it. Choose other recipients." in text


def test_warnings_alone_are_none(settings: LazySettings) -> None:
    settings.LANGUAGE_CODE = "en"
    mailing = mailing_to(1)
    mailing.message.html = ""
    mailing.message.save()
    code, text = run(mailing.pk)
    assert code == 0 and "Passed: Unsubscribe link" in text


def test_an_unknown_mailing_is_refused() -> None:
    code, text = run(4_711)
    assert code == 2 and "[mailing_unknown]" in text

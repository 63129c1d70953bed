"""Where allauth's Russian is corrected, the correction is the one that is read."""

from __future__ import annotations

import gettext
from pathlib import Path

import allauth
import pytest
from django.utils import translation

from apps.users.authentication.allauth_texts import WORDS

OF_ALLAUTH = gettext.translation("django", Path(allauth.__file__).parent / "locale", ["ru"])


@pytest.mark.parametrize("text", WORDS)
def test_a_corrected_sentence_of_allauth_reads_as_in_our_catalogue(text: str) -> None:
    theirs = OF_ALLAUTH.gettext(text)
    assert theirs != text, "allauth says it in other words now: the correction has no effect"
    with translation.override("ru"):
        assert translation.gettext(text) not in (text, theirs)

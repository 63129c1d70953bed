"""The tokens in letters."""

from __future__ import annotations

import base64
import random
import secrets

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from apps.mailings.links import (
    UNSUBSCRIBE,
    VIEW,
    delivery_of,
    sealed,
    unsealed,
    unsubscribe_token,
    unsubscribe_url,
    view_url,
)
from tests.effort import effort


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_a_token_names_its_delivery(delivery_id: int) -> None:
    assert delivery_of(unsubscribe_token(delivery_id)) == delivery_id


def test_a_token_is_stable_and_fit_for_a_url(settings: LazySettings) -> None:
    settings.SITE_URL = "https://mail.example.org"
    token = unsubscribe_token(5)
    assert token == unsubscribe_token(5)
    assert unsubscribe_url(5) == f"https://mail.example.org/u/{token}/"
    assert len(token) == 32
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_the_link_to_view_a_letter_has_a_token_of_its_own(settings: LazySettings) -> None:
    settings.SITE_URL = "https://mail.example.org"
    assert view_url(5) == f"https://mail.example.org/v/{sealed(VIEW, 5)}/"
    assert sealed(VIEW, 5) != unsubscribe_token(5)


@given(st.text(max_size=40))
def test_an_invented_token_opens_nothing(token: str) -> None:
    assert delivery_of(token) is None


def test_random_tokens_of_the_right_length_open_nothing() -> None:
    assert all(delivery_of(secrets.token_urlsafe(24)) is None for _ in range(2_000))


def test_no_changed_character_opens_anything() -> None:
    token = unsubscribe_token(12345)
    for place in range(len(token)):
        for other in "AZaz09-_":
            changed = token[:place] + other + token[place + 1 :]
            assert changed == token or delivery_of(changed) is None


@pytest.mark.parametrize("step", [-1, 1])
def test_the_mask_of_one_delivery_does_not_lead_to_its_neighbour(step: int) -> None:
    raw = base64.urlsafe_b64decode(unsubscribe_token(1000))
    masked = int.from_bytes(raw[16:]) ^ 1000 ^ (1000 + step)
    forged = base64.urlsafe_b64encode(raw[:16] + masked.to_bytes(8)).decode()
    assert delivery_of(forged) is None


def test_the_number_is_not_to_be_seen_in_the_token() -> None:
    numbers = random.Random(1).sample(range(10**6), 200)
    tails = {base64.urlsafe_b64decode(unsubscribe_token(number))[16:] for number in numbers}
    assert len(tails) == 200
    assert not any(tail.startswith(b"\0\0\0\0") for tail in tails)


def test_a_token_for_another_purpose_opens_nothing() -> None:
    assert delivery_of(sealed(VIEW, 5)) is None
    assert unsealed(VIEW, unsubscribe_token(5)) is None
    assert unsealed(UNSUBSCRIBE, unsubscribe_token(5)) == 5


def test_links_outlive_a_change_of_the_secret_key(settings: LazySettings) -> None:
    token = unsubscribe_token(5)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    assert delivery_of(token) == 5
    assert unsubscribe_token(5) != token
    settings.SECRET_KEY_FALLBACKS = []
    assert delivery_of(token) is None


def test_a_link_costs_microseconds() -> None:
    """A run writes one into each of its letters."""

    def thousand() -> None:
        for delivery in range(1_000):
            unsubscribe_url(delivery)

    assert effort(thousand, 50) <= 50

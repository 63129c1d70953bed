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
    CONFIRM,
    UNSUBSCRIBE,
    VIEW,
    LetterLinks,
    LetterRef,
    delivery_of,
    delivery_viewed,
    letter_of,
    sealed,
    unsealed,
    unsubscribe_token,
    unsubscribe_url,
    view_url,
)
from tests.effort import effort

DELIVERIES = st.integers(min_value=0, max_value=2**48 - 1)
RUNS = st.integers(min_value=0, max_value=2**32 - 1)
VERSIONS = st.integers(min_value=0, max_value=2**15 - 1)
READERS = [delivery_of, delivery_viewed, letter_of]


@given(DELIVERIES, RUNS, VERSIONS)
def test_both_tokens_name_their_letter(delivery_id: int, run_id: int, version: int) -> None:
    token, page = LetterLinks(run_id, version).tokens(delivery_id)
    assert letter_of(token) == LetterRef(delivery_id, run_id, version)
    assert delivery_of(token) == delivery_viewed(page) == delivery_id


@given(DELIVERIES, RUNS, VERSIONS)
def test_neither_token_does_what_the_other_does(
    delivery_id: int, run_id: int, version: int
) -> None:
    token, page = LetterLinks(run_id, version).tokens(delivery_id)
    assert letter_of(page) is None and delivery_of(page) is None
    assert delivery_viewed(token) is None


def test_a_token_cannot_be_put_together_of_both() -> None:
    """Who has the page of a letter knows half of what the other token is made of."""
    token, page = (base64.urlsafe_b64decode(one) for one in LetterLinks(3, 1).tokens(5))
    for seal in (token[:12], page[:12]):
        for masked in (token[12:], page[12:]):
            if seal + masked not in (token, page):
                forged = base64.urlsafe_b64encode(seal + masked).decode()
                assert all(read(forged) is None for read in READERS)


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_links_of_letters_of_before_go_on_working(delivery_id: int) -> None:
    assert delivery_of(sealed(UNSUBSCRIBE, delivery_id)) == delivery_id
    assert delivery_viewed(sealed(VIEW, delivery_id)) == delivery_id
    assert letter_of(sealed(UNSUBSCRIBE, delivery_id)) is None
    assert delivery_of(sealed(VIEW, delivery_id)) is None
    assert delivery_viewed(sealed(UNSUBSCRIBE, delivery_id)) is None


def test_a_token_is_stable_and_fit_for_a_url(settings: LazySettings) -> None:
    settings.SITE_URL = "https://mail.example.org"
    token, page = LetterLinks().tokens(5)
    assert token == unsubscribe_token(5)
    assert unsubscribe_url(5) == f"https://mail.example.org/u/{token}/"
    assert view_url(5) == f"https://mail.example.org/v/{page}/"
    assert len(token) == len(page) == 32
    safe = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert set(token + page) <= safe


def test_another_run_or_content_is_another_token() -> None:
    tokens = {LetterLinks(run, version).tokens(5) for run in (1, 2) for version in (1, 2)}
    assert len(tokens) == 4


@given(st.text(max_size=40))
def test_an_invented_token_opens_nothing(token: str) -> None:
    assert all(read(token) is None for read in READERS)


def test_random_tokens_of_the_right_length_open_nothing() -> None:
    for _ in range(2_000):
        token = secrets.token_urlsafe(24)
        assert all(read(token) is None for read in READERS)


def test_no_changed_character_opens_anything() -> None:
    for token in LetterLinks(9, 2).tokens(12345):
        for place in range(len(token)):
            for other in "AZaz09-_":
                changed = token[:place] + other + token[place + 1 :]
                assert changed == token or all(read(changed) is None for read in READERS)


@pytest.mark.parametrize("step", [-1, 1])
@pytest.mark.parametrize("place", [0, 16, 48], ids=["version", "run", "delivery"])
def test_the_mask_of_one_letter_does_not_lead_to_its_neighbour(step: int, place: int) -> None:
    raw = base64.urlsafe_b64decode(unsubscribe_token(1000, 1000, 1000))
    named = (1000 << 48 | 1000 << 16 | 1000).to_bytes(12)
    neighbour = int.from_bytes(named) + step * (1 << place)
    masked = int.from_bytes(raw[12:]) ^ int.from_bytes(named) ^ neighbour
    forged = base64.urlsafe_b64encode(raw[:12] + masked.to_bytes(12)).decode()
    assert all(read(forged) is None for read in READERS)


def test_the_number_is_not_to_be_seen_in_the_token() -> None:
    numbers = random.Random(1).sample(range(10**6), 200)
    tokens = [token for number in numbers for token in LetterLinks(1, 1).tokens(number)]
    tails = {base64.urlsafe_b64decode(token)[12:] for token in tokens}
    assert len(tails) == 400
    assert not any(tail.startswith(b"\0\0\0") for tail in tails)


def test_a_token_for_another_purpose_opens_nothing() -> None:
    for read in READERS:
        assert read(sealed(CONFIRM, 5)) is None
    for token in LetterLinks(1, 1).tokens(5):
        assert all(unsealed(purpose, token) is None for purpose in (VIEW, UNSUBSCRIBE, CONFIRM))


def test_links_outlive_a_change_of_the_secret_key(settings: LazySettings) -> None:
    token, page = LetterLinks(3, 1).tokens(5)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    assert letter_of(token) == LetterRef(5, 3, 1) and delivery_viewed(page) == 5
    assert LetterLinks(3, 1).tokens(5) != (token, page)
    settings.SECRET_KEY_FALLBACKS = []
    assert letter_of(token) is None and delivery_viewed(page) is None


def test_both_tokens_cost_microseconds() -> None:
    """A run writes them into each of its letters."""
    links = LetterLinks(1, 1)

    def thousand() -> None:
        for delivery in range(1_000):
            links.tokens(delivery)

    assert effort(thousand, 50) <= 15

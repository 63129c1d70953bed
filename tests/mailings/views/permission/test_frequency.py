"""The page of frequency rules shows them and replaces them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.mailings.models import FrequencyGate, FrequencyRule
from tests.people import Cast

pytestmark = pytest.mark.django_db
URL = reverse("mailings:frequency")


def posted(*rules: tuple[Any, Any, str]) -> dict[str, Any]:
    body: dict[str, Any] = {"form-TOTAL_FORMS": 3, "form-INITIAL_FORMS": 0}
    for at, (messages, days, channel) in enumerate(rules):
        body |= {
            f"form-{at}-messages": messages,
            f"form-{at}-days": days,
            f"form-{at}-channel": channel,
        }
    return body


def stored(cast: Cast) -> set[tuple[int, int, str]]:
    rows = FrequencyRule.objects.filter(owner=cast.owner)
    return set(rows.values_list("messages", "days", "channel"))


def test_rules_are_saved_replaced_and_taken_away(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    assert client.post(URL, posted((2, 7, ""), (1, 1, "phone"))).status_code == 302
    assert stored(cast) == {(2, 7, ""), (1, 1, "phone")}
    assert FrequencyGate.objects.filter(owner=cast.owner).exists()
    assert 'value="7"' in client.get(URL).content.decode()
    client.post(URL, posted((3, 30, "")))
    assert stored(cast) == {(3, 30, "")}
    client.post(URL, posted())
    assert stored(cast) == set()


@pytest.mark.parametrize("rules", [[(2, "", "")], [(0, 7, "")], [(1, 91, "")]])
def test_half_a_rule_is_none(client: Client, cast: Cast, rules: list[Any]) -> None:
    client.force_login(cast.owner)
    assert client.post(URL, posted(*rules)).status_code == 200
    assert stored(cast) == set()


def test_two_rules_for_the_same_days_are_refused_whole(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    assert client.post(URL, posted((2, 7, ""), (3, 7, ""))).status_code == 200
    assert stored(cast) == set()

"""Programs read and change the brand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Voice
from tests.factories import MediaFileFactory

pytestmark = pytest.mark.django_db
URL = "/api/brand/"


def test_it_is_plain_before_it_is_written(anna: Voice) -> None:
    body = anna.get(URL).json()
    assert (body["revision"], body["company"], body["logo"]) == (0, "", None)


def test_it_is_changed_and_what_is_left_out_stays(anna: Voice) -> None:
    logo = MediaFileFactory.create(owner=anna.user)
    values = {
        "company": "Kofein LLC",
        "logo": logo.pk,
        "networks": [{"network": "vk", "link": "https://vk.com/k"}],
        "theme": {"font": "georgia", "button_padding": [10, 20]},
    }
    body = anna.patch(URL, values).json()
    assert (body["revision"], body["logo"], body["theme"]["button_padding"]) == (
        1,
        logo.pk,
        [10, 20],
    )
    body = anna.patch(URL, {"name": "Kofein", "revision": 1}).json()
    assert (body["revision"], body["company"], body["networks"]) == (
        2,
        "Kofein LLC",
        values["networks"],
    )
    assert anna.get(URL).json() == body


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"revision": 3}, 409, "brand_changed"),
        ({"logo": 999}, 422, "invalid"),
        ({"website": "javascript:x"}, 422, "invalid"),
        ({"theme": {"unknown": 1}}, 422, "invalid"),
        ({"networks": [{"network": "vk", "link": "x"}]}, 422, "invalid"),
    ],
)
def test_what_cannot_be_is_refused(
    values: dict[str, Any], status: int, code: str, anna: Voice
) -> None:
    answer = anna.patch(URL, values)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_it_speaks_further_languages(anna: Voice) -> None:
    given = {"ru": {"reason": "Вы подписались."}, "de": {"unsubscribe": "Abmelden"}}
    body = anna.patch(URL, {"translations": given}).json()
    assert body["translations"]["ru"]["reason"] == "Вы подписались."
    assert body["translations"]["de"]["unsubscribe"] == "Abmelden"
    assert anna.patch(URL, {"name": "Kofein"}).json()["translations"] == body["translations"]
    assert anna.patch(URL, {"translations": {"?": {"name": "x"}}}).status_code == 422

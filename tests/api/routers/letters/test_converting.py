"""A message in its other form, asked for by a program."""

from __future__ import annotations

import pytest

from apps.core.http import costly
from apps.mailings.models import Message
from tests.api.conftest import Voice

pytestmark = pytest.mark.django_db
URL = "/api/messages/"


def test_a_message_is_converted_or_only_looked_at(anna: Voice) -> None:
    made = anna.post(URL, {"subject": "Spring", "html": "<h1>Hi</h1><pre>a</pre>"}).json()
    path = f"{URL}{made['id']}/convert/"
    found = anna.post(path, {"dry_run": True}).json()
    assert (found["blocks"], found["kept_as_html"], found["left_out"]) == (2, 1, {})
    assert found["message"]["form"] == "blocks" and found["message"]["document"]["body"]
    assert Message.objects.get().form == "html"
    done = anna.post(path, {"revision": 1}).json()["message"]
    assert (done["form"], done["revision"]) == ("blocks", 2)
    assert anna.post(path, {"revision": 1}).status_code == 409
    back = anna.post(path, {}).json()
    assert (back["blocks"], back["message"]["form"]) == (0, "html")


@pytest.mark.parametrize("dry_run", [True, False])
def test_it_takes_a_place_as_whatever_is_costly(anna: Voice, dry_run: bool) -> None:
    made = anna.post(URL, {"subject": "Spring", "html": "<h1>Hi</h1>"}).json()
    path, author = f"{URL}{made['id']}/convert/", Message.objects.get().owner_id
    with costly.PLACES.place(author), costly.PLACES.place(author):
        assert anna.post(path, {"dry_run": dry_run}).status_code == 429
    assert Message.objects.get().form == "html"
    assert anna.post(path, {"dry_run": dry_run}).status_code == 200

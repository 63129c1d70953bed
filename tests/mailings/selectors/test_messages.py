"""What the pages of messages ask: the names that can be inserted, and a sample for a preview."""

from __future__ import annotations

import pytest

from apps.core.content.hints import hints
from apps.mailings.fields import LINKS
from apps.mailings.selectors.messages import field_choices, sample_fields, template_names
from tests.factories import MessageFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_every_link_of_a_letter_can_be_inserted() -> None:
    owner = UserFactory.create()
    named = dict(field_choices(owner.pk))
    assert set(LINKS) <= named.keys() and named["view_url"] == "Link to view in browser"


def test_the_link_to_view_a_letter_is_a_known_name() -> None:
    names = template_names(UserFactory.create().pk)
    html = "<p>" + "word " * 30 + "{link}</p><a href='{{{{ unsubscribe_url }}}}'>-</a>"
    known = hints("News", "t", html.format(link="{{ view_url }}"), known=names)
    unknown = hints("News", "t", html.format(link="{{ watch_url }}"), known=names)
    assert len(unknown) == len(known) + 1


def test_a_preview_shows_every_link() -> None:
    fields = sample_fields(MessageFactory.create(), "")
    assert {fields[name] for name in LINKS} == {"https://example.com/"}

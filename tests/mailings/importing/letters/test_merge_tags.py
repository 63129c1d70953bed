"""Tags of other tools: found, proposed a field for, and put in our words."""

from __future__ import annotations

import pytest

from apps.core.content.template_language import parse
from apps.mailings.importing.letters.merge_tags import KEEP, REMOVE, tags_in, translated
from tests.effort import effort

KNOWN = {"email", "full_name", "phone", "unsubscribe_url", "view_url", "preferences_url", "city"}
#: Rounds (tests/effort.py); by the square it would be more than ten times as much.
MOST = 3_000


@pytest.mark.parametrize(
    ("tag", "ours"),
    [
        ("*|FNAME|*", "full_name"),
        ("*|EMAIL|*", "email"),
        ("*|UNSUB|*", "unsubscribe_url"),
        ("*|ARCHIVE|*", "view_url"),
        ("*|UPDATE_PROFILE|*", "preferences_url"),
        ("*|CITY|*", "city"),
        ("*|LNAME|*", REMOVE),
        ("{{ contact.FIRSTNAME }}", "full_name"),
        ("{{ contact.SCORE }}", REMOVE),
        ("{{Name}}", "full_name"),
        ("{{_WebLetterUrl}}", "view_url"),
        ("{{Name?friend}}", "full_name"),
        ("[% anketa.base.firstName %]", "full_name"),
        ("{{ unknown }}", KEEP),
        ("{{ .Subscriber.Name }}", "full_name"),
        ("{{ .Subscriber.Attribs.city }}", "city"),
        ("{{ UnsubscribeURL }}", "unsubscribe_url"),
        ("{{ TrackView }}", REMOVE),
        ('{{ TrackLink "https://e.org/a" . }}', "https://e.org/a"),
        ("[% anketa.city %]", "city"),
        ("%FIRSTNAME%", "full_name"),
        ("%WEATHER%", KEEP),
        ("[[name]]", "full_name"),
        ("{$unsubscribe}", "unsubscribe_url"),
    ],
)
def test_a_tag_is_found_and_proposed_a_field(tag: str, ours: str) -> None:
    (found,) = tags_in(f"<p>a {tag} b {tag}</p>", KNOWN)
    assert (found.source, found.count, found.proposal) == (tag, 2, ours)
    assert found.can_stay or found.proposal != KEEP


@pytest.mark.parametrize(
    "text",
    [
        "{{ full_name | default: 'friend' }}",
        "{{ attributes.city }}",
        "100% of 50% and 20% off",
        "https://e.org/?q=%D0%B0%D0%B1&x=%20a%20",
        "[if mso] and [1]",
    ],
)
def test_what_is_ours_or_no_tag_is_left_alone(text: str) -> None:
    assert tags_in(text, KNOWN) == [] and translated(text, {}, KNOWN) == (text, 0)


def test_choices_go_before_proposals_and_fallbacks_stay() -> None:
    assert translated("{{Name?dear friend}}", {}, KNOWN) == (
        '{{ full_name | default: "dear friend" }}',
        0,
    )
    source = "*|FNAME|* [[name]] %X1% {{ first_name|default:'friend' }} {{ unknown }}"
    choices = {"*|FNAME|*": "city", "[[name]]": KEEP, "%X1%": REMOVE, "{{ unknown }}": "email"}
    done, dropped = translated(source, choices, KNOWN)
    assert done == '{{ city }} [[name]]  {{ full_name | default: "friend" }} {{ email }}'
    assert dropped == 0


@pytest.mark.parametrize(
    ("source", "done", "dropped"),
    [
        ("*|IF:FNAME|*x*|ELSE:|*y*|END:IF|*", "xy", 3),
        ("{% if contact.X == 1 %}a{% endif %}", "a", 2),
        ('{% if city == "Tula" %}a{% endif %}', '{% if city == "Tula" %}a{% endif %}', 0),
        ("{{ range .Items }}x{{ end }}", "x{{ end }}", 0),
    ],
)
def test_commands_that_are_not_understood_are_dropped(source: str, done: str, dropped: int) -> None:
    assert translated(source, {}, KNOWN) == (done, dropped)


@pytest.mark.parametrize("source", ["{{ a", "{{ a.b.c }} {{", "{% x", "{{}}", "{{{{{{", "{%%}"])
def test_what_comes_out_is_a_template(source: str) -> None:
    parse(translated(source, {}, KNOWN)[0])


@pytest.mark.parametrize("unit", ["*|", "*|A", "{{", "{{ a", "%a", "[[a", "[%", "{$a", "{%"])
def test_hostile_sources_are_read_at_once(unit: str) -> None:
    source = (unit * 60_000)[:60_000]
    assert effort(lambda: tags_in(source, KNOWN), MOST) <= MOST

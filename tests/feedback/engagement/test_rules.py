"""Who reacted, by User-Agents as they are really seen and by what else a request says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from apps.feedback.engagement.apple_relays import NO_RELAYS, read_relays
from apps.feedback.engagement.judging import judge
from apps.feedback.engagement.reaction import Kind, Reaction
from apps.feedback.engagement.rules import BY_ID, RULES, sentence_of
from apps.feedback.engagement.user_agents import DEVICES
from apps.mailings.models import Engagement, Term

NOW: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
BROWSER: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/131.0.0.0 Safari/537.36"
)
SEEN: Final[list[dict[str, str]]] = [
    json.loads(line)
    for line in Path(__file__)
    .with_name("user_agents.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


def reaction(kind: Kind = "open", **facts: Any) -> Reaction:
    number = facts.pop("number", 1 if kind == "click" else -1)
    given = {"at": NOW, "user_agent": BROWSER, **facts}
    return Reaction(kind=kind, delivery_id=7, run_id=1, version=1, number=number, **given)


def rule_of(one: Reaction, accepted_at: datetime | None = NOW - timedelta(hours=1)) -> str:
    return judge(one, [], accepted_at, relays=NO_RELAYS).rule


@pytest.mark.parametrize("case", SEEN, ids=lambda case: case["user_agent"][:40])
def test_a_user_agent_that_was_seen(case: dict[str, str]) -> None:
    opening = reaction(user_agent=case["user_agent"])
    found = judge(opening, [], None, relays=NO_RELAYS)
    client = "Apple Mail" if case["open"] == "apple" else case["client"]
    machine = BY_ID[case["open"]].term == Term.MACHINE
    assert (found.rule, found.device) == (case["open"], case["device"])
    assert found.client == ("" if machine else client)
    assert rule_of(replace(opening, kind="click", number=1)) == case["click"]


def test_every_crawler_of_the_list_is_a_machine_when_it_follows_a_link() -> None:
    for crawler in CRAWLER_USER_AGENTS_DATA:
        for user_agent in crawler["instances"]:
            one = reaction("click", user_agent=user_agent)
            assert judge(one, [], None, relays=NO_RELAYS).term == Term.MACHINE, user_agent


@pytest.mark.parametrize(
    ("one", "rule"),
    [
        (reaction("click", number=0), "trap"),
        (reaction("click", method="HEAD"), "head"),
        (reaction("open", method="HEAD"), "head"),
        (reaction("click", headers={"sec-purpose": "prefetch;prerender"}), "prefetch"),
        (reaction("click", headers={"purpose": "prefetch"}), "prefetch"),
        (reaction("click", headers={"x-purpose": "preview"}), "prefetch"),
        (reaction("open", headers={"x-moz": "prefetch"}), "prefetch"),
        (reaction("open", headers={"dnt": "1"}), "opened"),
        (reaction("open", preloaded=True), "preloaded"),
        (reaction("click", preloaded=True), "clicked"),
        (reaction("open", user_agent="", source="resend"), "opened"),
        (reaction("click", user_agent="", source="resend"), "clicked"),
        (reaction("open"), "opened"),
        (reaction("click"), "clicked"),
    ],
)
def test_what_a_request_says_of_itself(one: Reaction, rule: str) -> None:
    assert rule_of(one) == rule


@pytest.mark.parametrize(
    ("kind", "milliseconds", "rule"),
    [
        ("click", -500, "early_click"),
        ("click", 999, "early_click"),
        ("click", 1000, "clicked"),
        ("open", -500, "delivering"),
        ("open", 1999, "delivering"),
        ("open", 2000, "opened"),
    ],
)
def test_what_comes_too_soon_after_the_acceptance(kind: Kind, milliseconds: int, rule: str) -> None:
    accepted_at = NOW - timedelta(milliseconds=milliseconds)
    assert rule_of(reaction(kind), accepted_at) == rule


def test_a_proxy_that_loads_at_the_delivery_does_not_prove_a_reader() -> None:
    proxy = reaction(user_agent=SEEN[0]["user_agent"])
    assert (rule_of(proxy, NOW), rule_of(proxy)) == ("delivering", "image_proxy")


def test_what_apples_relays_load_is_unclear_and_what_is_clicked_through_them_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "relays.csv"
    path.write_text(
        "\ufeff# Apple's\n172.224.226.0/27,GB,GB-EN,London,\n172.224.226.32/27,GB,,,\n\n"
        "2a02:26f7::/64,DE,DE-BE,Berlin,\n192.0.2.7\n",
        encoding="utf-8",
    )
    relays = read_relays(path)
    assert [len(relays.first[4]), len(relays.first[6])] == [2, 1]
    for address, inside in (
        ("172.224.226.0", True),
        ("172.224.226.63", True),
        ("172.224.226.64", False),
        ("172.224.225.255", False),
        ("192.0.2.7", True),
        ("2a02:26f7::ffff", True),
        ("2a02:26f7:0:1::", False),
        ("unknown", False),
    ):
        opening = judge(reaction(address=address), [], None, relays=relays)
        click = judge(reaction("click", address=address), [], None, relays=relays)
        assert (opening.rule == "apple", click.rule) == (inside, "clicked"), address


@pytest.mark.parametrize("line", ["one two", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::1/x"])
def test_a_file_that_lists_no_ranges_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "relays.csv"
    path.write_text(f"10.0.0.0/8\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2 "):
        read_relays(path)


def test_every_rule_has_a_name_of_its_own_a_sentence_and_a_source() -> None:
    assert len(BY_ID) == len(RULES)
    longest = Engagement._meta.get_field("rule").max_length or 0
    for rule in RULES:
        assert str(rule.sentence).endswith(".") and rule.source and len(rule.id) <= longest
        assert sentence_of(rule.id) == rule.sentence
    assert sentence_of("of another version") == ""
    assert all(str(label) for label in DEVICES.values())

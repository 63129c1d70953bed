"""An item is known again, whatever its feed changes about it; two items are never one."""

from __future__ import annotations

import pytest

from apps.mailings.feeds.keys import MOST_HOSTS, host_of, key_of, with_hosts

HOSTS = ["example.com", "new.example"]


def key(guid: str = "", link: str = "", title: str = "") -> str:
    return key_of(guid=guid, link=link, title=title, hosts=HOSTS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Post-17", "POST-17"),
        ("Post-17", "  post-17 "),
        ("https://example.com/post/17", "http://www.example.com/post/17/"),
        ("https://example.com/post/17", "https://new.example/post/17"),
        ("https://example.com/?p=17", "https://new.example/?p=17&utm_source=rss"),
        ("tag:example.com,2026:Cafe\u0301", "tag:example.com,2026:Café"),
    ],
)
def test_what_means_the_same_item_has_one_key(before: str, after: str) -> None:
    assert key(before) == key(after) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Post-17", "Post-18"),
        ("https://example.com/?p=17", "https://example.com/?p=18"),
        ("https://elsewhere.example/17", "https://other.example/17"),
        ("https://example.com/a#1", "https://example.com/a#2"),
    ],
)
def test_two_items_have_two_keys(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_without_an_id_it_is_the_link_and_then_the_title() -> None:
    assert key(link="https://example.com/1") == key(guid="https://example.com/1")
    assert key(title="Spring") != "" and key(title="Spring") != key(guid="Spring")
    assert key() == ""


@pytest.mark.parametrize("broken", ["http://[", "https://example.com:port/", "http://\ud800/"])
def test_an_address_that_is_none_is_a_name_like_another(broken: str) -> None:
    assert key(broken) != ""
    assert isinstance(host_of(broken), str)


def test_the_hosts_are_kept_each_once_and_not_without_end() -> None:
    assert with_hosts(["a.example"], "https://www.A.example/x", "", "http://b.example") == [
        "a.example",
        "b.example",
    ]
    many = [f"https://h{number}.example/" for number in range(100)]
    assert len(with_hosts([], *many)) == MOST_HOSTS

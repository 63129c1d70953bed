"""Where the site is reached: written once in ``.env``, in ASCII in every link and header."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.core.site import listening_at, site_url
from apps.mailings.links import unsubscribe_url
from config.rules import site as site_rules
from tests.config.test_environment import env_file, loaded, refusal
from tests.core.content.letters import body_of, compiled, parsed, to

__all__ = ["env_file"]

HOST = "xn--80aa3adxha4f.xn--p1ai"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://mail.example.org", "https://mail.example.org"),
        ("https://mail.example.org/", "https://mail.example.org"),
        ("HTTPS://Mail.Example.Org", "https://mail.example.org"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("http://web:8000", "http://web:8000"),
        ("http://my_host", "http://my_host"),
        ("https://рассылка.рф", f"https://{HOST}"),
        ("https://РАССЫЛКА.РФ:8443/", f"https://{HOST}:8443"),
        ("https://почта.example.org", "https://xn--80a1acny.example.org"),
        ("https://straße.de", "https://xn--strae-oqa.de"),
        (f"https://{HOST}", f"https://{HOST}"),
    ],
)
def test_the_site_is_a_host_in_ascii(env_file: Path, given: str, read: str) -> None:
    assert loaded(env_file, f"SITE_URL={given}").site_url == read


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("https://example.org/vestnik", "has no path"),
        ("https://example.org/?a=b", "has no path"),
        ("https://example.org#x", "has no path"),
        ("https://user:secret@example.org", "has no user"),
        ("https://", "is no name of a host"),
        ("https://exa mple.org", "is no web address"),
        ("https://example.org:port", "is no web address"),
        ("https://example.org:99999", "is no web address"),
        ("https://-example.org", "is no name of a host"),
        ("https://пример..рф", "is no name of a host"),
        ("https://☃.org", "is no name of a host"),
        ("https://xn--99999999.org", "is no name of a host"),
        ("https://127.0.0", "is no name of a host"),
        ("https://" + "я" * 70 + ".рф", "is no name of a host"),
        ("ftp://example.org", "must begin with"),
    ],
)
def test_what_is_no_site_stops_the_start(env_file: Path, given: str, text: str) -> None:
    (message,) = refusal(env_file, f"SITE_URL='{given}'")
    assert message.startswith(f"SITE_URL: {text}")
    assert "secret" not in message


def test_hosts_and_senders_are_read_in_ascii_too(env_file: Path) -> None:
    read = loaded(
        env_file,
        "ALLOWED_HOSTS=рассылка.рф, .рассылка.рф,[::1],*",
        "DEFAULT_FROM_EMAIL=news@рассылка.рф",
        "BOUNCE_ADDRESS=bounces@Рассылка.рф",
        "DAILY_REPORT_RECIPIENTS=ops@рассылка.рф",
        "ACCOUNTS__NEWS__KIND=outbox",
        "ACCOUNTS__NEWS__FROM_EMAIL=new.s@рассылка.рф",
    )
    assert read.allowed_hosts == f"{HOST},.{HOST},[::1],*"
    assert read.default_from_email == f"news@{HOST}"
    assert read.bounce_address == f"bounces@{HOST}"
    assert read.daily_report_recipients == "ops@рассылка.рф"  # read again where it is used
    assert read.accounts["news"].from_email == f"new.s@{HOST}"


@pytest.mark.parametrize("key", ["DEFAULT_FROM_EMAIL", "BOUNCE_ADDRESS", "ACCOUNTS__A__FROM_EMAIL"])
@pytest.mark.parametrize("given", ["news@", "@example.org", "news@-x.org", "news@☃.org"])
def test_a_sender_without_a_domain_stops_the_start(env_file: Path, key: str, given: str) -> None:
    message = refusal(env_file, "ACCOUNTS__A__KIND=outbox", f"{key}={given}")
    assert len(message) == 1 and message[0].startswith(f"{key}: is not an email address")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("Новости <news@рассылка.рф>", f"Новости <news@{HOST}>"),
        ("анна@рассылка.рф", f"анна@{HOST}"),
        ("vestnik@localhost", "vestnik@localhost"),
        ("vestnik@[127.0.0.1]", "vestnik@[127.0.0.1]"),
    ],
)
def test_only_the_domain_of_an_address_is_changed(given: str, read: str) -> None:
    assert site_rules.ascii_address(given) == read


def test_a_letter_of_a_cyrillic_site_has_ascii_headers(settings: LazySettings) -> None:
    settings.SITE_URL = site_rules.site_url("https://рассылка.рф")
    address = site_rules.ascii_address("news@рассылка.рф")
    email = compiled(
        html='<a href="{{ unsubscribe_url }}">x</a>',
        from_email=address,
        message_id_domain=address.rpartition("@")[2],
        list_id=f"mailing-3.{HOST}",
        envelope_sender=address,
    )
    email._links = lambda number: (unsubscribe_url(number), "", "")
    letter = email.fill(to())
    message = parsed(letter)
    assert letter.body.isascii()
    assert str(message["List-Unsubscribe"]).startswith(f"<https://{HOST}/u/")
    assert message["Message-ID"] == f"<7.k17@{HOST}>"
    assert f"https://{HOST}/u/" in body_of(letter, "html")


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8123"),
        ("http://localhost", "http://localhost:8123"),
        ("http://[::1]:8000", "http://[::1]:8123"),
        ("https://mail.example.org", "https://mail.example.org"),
    ],
)
def test_on_ones_own_machine_links_follow_the_port(
    settings: LazySettings, site: str, expected: str
) -> None:
    settings.SITE_URL = site
    listening_at(8123)
    try:
        assert site_url() == expected
        assert unsubscribe_url(1).startswith(f"{expected}/u/")
    finally:
        listening_at(None)
    assert site_url() == site

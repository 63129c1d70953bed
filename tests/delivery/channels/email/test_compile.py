"""A compiled message promises: the mail that was meant, to one recipient, and nothing else."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.content.program import Values
from apps.core.errors import ContentRefused
from apps.delivery.channels.email.compile import (
    HeadersRefused,
    RenderRefused,
    _Date,
    compile_email,
)
from apps.delivery.channels.email.providers import carrying
from tests.core.content.letters import (
    CONTENT,
    NOW,
    assert_travels,
    body_of,
    compiled,
    content,
    filled,
    leave,
    parsed,
    recipients,
    to,
)

HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post",
    "List-Id", "Feedback-ID", "Auto-Submitted", "Precedence", "MIME-Version", "Content-Type",
]  # fmt: skip


class TestHeaders:
    def test_are_exactly_these_in_this_order(self) -> None:
        message = parsed(filled())
        assert message.keys() == [*HEADERS, "Content-Transfer-Encoding"]
        assert message["From"] == "News <news@example.com>"
        assert message["To"] == "anna@example.org"
        assert message["Subject"] == "Hello"
        assert message["Message-ID"] == "<7.k17@example.com>"
        assert message["List-Unsubscribe"] == "<https://example.com/u/7/>"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message["List-Id"] == "<list-3.example.com>"
        assert message["Feedback-ID"] == "mailing-9:owner-7:marketing:v0123456789"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Precedence"] == "bulk"

    def test_optional_ones_come_and_go(self) -> None:
        message = parsed(
            filled(reply_to="help@example.com", list_id="", feedback_id="", is_bulk=False)
        )
        assert message["Reply-To"] == "help@example.com"
        assert not {"List-Id", "Feedback-ID", "Precedence"} & set(message.keys())
        assert message["List-Unsubscribe-Post"]

    @pytest.mark.parametrize(
        ("host", "header"),
        [
            ("in-v3.mailjet.com", "X-MJ-CustomID"),
            ("live.smtp.mailtrap.io", "X-MT-Custom-Variables"),
            ("smtp.mandrillapp.com", "X-MC-Metadata"),
            ("smtp.postmarkapp.com", "X-PM-Metadata-message_id"),
            ("smtp.sparkpostmail.com", "X-MSYS-API"),
            ("smtp.go1.unisender.ru", "X-UNIONE"),
        ],
    )
    def test_a_provider_carries_the_message_id(self, host: str, header: str) -> None:
        """It gives back in its events what stands in a header of its own."""
        message = parsed(filled(carrying=carrying(host)))
        value = str(message[header])
        assert str(message["Message-ID"]) in value
        if value.startswith("{"):
            assert str(message["Message-ID"]) in str(json.loads(value))

    def test_a_letter_that_is_no_lists_has_none_of_a_list(self) -> None:
        message = parsed(filled(is_list=False))
        left = {"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID", "Precedence"}
        assert not left & set(message.keys())
        assert message["Auto-Submitted"] == "auto-generated"

    @pytest.mark.parametrize("host", ["localhost", "smtp.mailgun.org", "evilmailjet.com", ""])
    def test_others_need_no_header_for_it(self, host: str) -> None:
        assert carrying(host) is None

    def test_the_envelope_is_the_letters(self) -> None:
        letter = filled()
        assert letter.delivery_id == 7
        assert (letter.sender, letter.address) == ("bounce@example.com", "anna@example.org")

    def test_the_message_id_is_the_same_each_time(self) -> None:
        ids = {parsed(filled())["Message-ID"] for _ in range(2)}
        assert ids == {"<7.k17@example.com>"}

    def test_the_date_goes_on_with_time(self) -> None:
        seconds = iter([100.0, 100.2, 100.9, 161.5])
        date = _Date(NOW, lambda: next(seconds))
        assert date(Values()) == date(Values()) == b"Fri, 20 Nov 2026 09:30:00 +0000"
        assert date(Values()) == b"Fri, 20 Nov 2026 09:31:01 +0000"

    def test_a_long_unsubscribe_address_stays_on_its_line(self) -> None:
        url = "https://example.com/u/" + "x" * 150
        letter = compile_email(CONTENT, lambda _: (url, "", ""), NOW).fill(to())
        assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in letter.body
        assert_travels(letter.body, longest=200)

    @pytest.mark.parametrize(
        "name",
        [
            "Anna", "Anna Petrova", 'Anna "Ann" Petrova', "Petrova, Anna", "back\\slash", "O'Neil",
            "Анна Петрова", "Анна " * 30 + "Петрова", "Anna " * 30 + "P", "x" * 190, "Zoë",
            "👩‍👩‍👧 Family", "שלום", "=?utf-8?q?x?=", "a@b.ru", "<evil@x.ru>", "x (y)", "a;b:c.",
        ],
    )  # fmt: skip
    def test_the_recipients_name_arrives_as_it_is(self, name: str) -> None:
        letter = filled(to(full_name=name))
        assert [who.addr_spec for who in parsed(letter)["To"].addresses] == ["anna@example.org"]
        assert recipients(letter) == [(name, "anna@example.org")]
        assert_travels(letter.body)

    def test_the_senders_name_too(self) -> None:
        message = parsed(filled(from_name="Вестник, новости"))
        assert message["From"].addresses[0].display_name == "Вестник, новости"

    @pytest.mark.parametrize(
        "subject",
        [
            "x", "Новости", "Новости " * 20 + "всё", "plain words " * 12 + "end", "y" * 200,
            "two  blanks  " * 12 + "end", "=?utf-8?q?x?=", "a" * 66, "a" * 67, "a" * 68, "🎉" * 60,
            "mixed ё",
        ],
    )  # fmt: skip
    def test_subjects_arrive_as_they_are(self, subject: str) -> None:
        for letter in (
            filled(subject=subject),
            filled(to(attributes__s=subject), subject="{{ attributes.s }}"),
            filled(to(attributes__s=subject), subject="{{ attributes.s | strip }}"),
        ):
            assert parsed(letter)["Subject"] == subject
            assert_travels(letter.body)

    @pytest.mark.parametrize("bad", ["\r\nBcc: x@y.ru", "\n", "\r", "\0", "\t", "\x1b", "\x85"])
    def test_nothing_can_be_injected_by_data(self, bad: str) -> None:
        for claimed in (to(full_name=f"Anna{bad}x"), to(attributes__s=f"a{bad}b")):
            with pytest.raises(RenderRefused) as refusal:
                filled(claimed, subject="{{ attributes.s }}")
            assert refusal.value.code == "header_injection"

    @pytest.mark.parametrize(
        "address",
        [
            "", "anna", "@x.ru", "anna@", "a@x.ru, b@x.ru", "a@x.ru\r\nBcc: b@x.ru", "a b@x.ru",
            "<a@x.ru>", "a@b@x.ru", "a@x.ru>", "a@x ru", "a\0@x.ru", "a@x.ru\n", '"a"@x.ru',
            "a(b)@x.ru", "а б@x.ru", "a@пример,рф", "a" * 300 + "@x.ru",
        ],
    )  # fmt: skip
    def test_only_one_clean_address_is_taken(self, address: str) -> None:
        with pytest.raises(RenderRefused) as refusal:
            filled(to(address))
        assert refusal.value.code == "bad_address"

    def test_a_domain_is_shown_in_ascii(self) -> None:
        assert parsed(filled(to("anna@пример.рф")))["To"] == "anna@xn--e1afmkfd.xn--p1ai"

    def test_a_local_part_without_ascii_form_stays_in_utf8(self) -> None:
        letter = filled(to("анна@пример.рф"))
        assert "To: анна@xn--e1afmkfd.xn--p1ai\r\n".encode() in letter.body

    @pytest.mark.parametrize(
        "changes",
        [
            {"from_email": "news"},
            {"from_email": "a@x.ru\r\nBcc: b@x.ru"},
            {"from_name": "News\r\nBcc: b@x.ru"},
            {"reply_to": "a@x.ru\n"},
            {"list_id": "x>\r\nBcc: b@x.ru"},
            {"feedback_id": "a:b\r\nBcc: b@x.ru"},
            {"message_id_domain": "x y"},
            {"run_key": "a\nb"},
            {"envelope_sender": "a b@x.ru"},
            {"attachments": (("a\r\nX: y.txt", "text/plain", b""),)},
            {"subject": "a\r\nBcc: b@x.ru"},
        ],
    )
    def test_a_run_with_a_bad_header_does_not_start(self, changes: dict[str, Any]) -> None:
        with pytest.raises(HeadersRefused):
            compiled(**changes)

    def test_the_unsubscribe_address_must_be_one(self) -> None:
        for url in ("javascript:x", "https://x.ru/>\r\nBcc: y", "https://x.ru/a b", ""):
            with pytest.raises(RenderRefused):
                compile_email(CONTENT, {7: (url, "", "")}.__getitem__, NOW).fill(to())


TEXTS = [
    "Hello", "Привет, как дела?", "🎉 party 🎉", "one\n.two\n..three\n.\n", "blanks  \nend \t",
    "x" * 5_000, "ы" * 5_000, "word " * 500, "a.b." * 300, "שלום עולם", "tab\there", "=20 = =3D",
    "-- \nsigned", "--=_a", "\n\n\nfirst", "line\r\nline\rline", "Zoë " * 100, "", "From me",
    "mostly ascii, и немного русского, " * 5, "\u2028 \x0b \x0c odd", "\U0001f468\u200d\U0001f469",
]  # fmt: skip


def same(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


class TestBodies:
    @pytest.mark.parametrize("text", TEXTS)
    def test_fixed_text_arrives_as_it_is(self, text: str) -> None:
        letter = filled(text=f"<{text}>", html=f"<p>{text}</p>")
        assert_travels(letter.body)
        assert body_of(letter, "plain") == f"<{same(text)}>"
        assert body_of(letter, "html") == f"<p>{same(text)}</p>"

    @pytest.mark.parametrize("text", TEXTS)
    @pytest.mark.parametrize("around", ["a{}b", "{}", "\n{}\n", "{}{}", "ы ы ы {} ы", ". {} ."])
    @pytest.mark.parametrize("slot", ["{{ attributes.x }}", "{{ attributes.x | escape }}"])
    def test_values_arrive_as_they_are(self, text: str, around: str, slot: str) -> None:
        source = around.replace("{}", slot)
        letter = filled(to(attributes__x=text), text=source, html=f"<p>{source}</p>")
        assert_travels(letter.body)
        expected = same(around.replace("{}", text))
        assert body_of(letter, "plain") == expected.removesuffix("\n")
        assert unescape(body_of(letter, "html")) == f"<p>{expected}</p>"

    def test_the_encoding_suits_the_text(self) -> None:
        def encodings(text: str) -> str:
            return str(parsed(filled(text=text))["Content-Transfer-Encoding"])

        assert encodings("short\nlines\n") == "7bit"
        assert encodings("Dear {{ full_name }}") == "quoted-printable"
        assert encodings("mostly plain Zoë and much more of it") == "quoted-printable"
        assert encodings("Привет, {{ full_name }}") == "base64"
        assert encodings(".dot") == "quoted-printable"

    def test_text_and_html_are_alternatives(self) -> None:
        message = parsed(filled(text="plain", html="<p>rich</p>"))
        assert message.get_content_type() == "multipart/alternative"
        kinds = [part.get_content_type() for part in message.iter_parts()]
        assert kinds == ["text/plain", "text/html"]

    def test_text_alone_is_one_part(self) -> None:
        assert parsed(filled(text="plain")).get_content_type() == "text/plain"

    @pytest.mark.parametrize("slot", ["{{ full_name }}", "{{ full_name | strip }}"])
    def test_missing_text_is_made_of_the_html(self, slot: str) -> None:
        html = f'<h1>{slot}</h1><p><a href="{{{{ unsubscribe_url }}}}">Leave</a> <b>now</b></p>'
        letter = filled(to(full_name="A<b>"), text="", html=html)
        assert body_of(letter, "plain") == "A<b>\n\nLeave (https://example.com/u/7/) now"
        assert parsed(letter).get_content_type() == "multipart/alternative"

    def test_addresses_are_slots(self) -> None:
        text = "{{ unsubscribe_url }} {{ view_url }} {{ email }}"
        page = "https://example.com/v/7/"
        email = compile_email(
            content(text=text), lambda number: (*leave(number)[:1], page, ""), NOW
        )
        letter = email.fill(to(email="anna@example.org"))
        expected = "https://example.com/u/7/ https://example.com/v/7/ anna@example.org"
        assert body_of(letter, "plain") == expected

    def test_data_cannot_stand_in_for_the_unsubscribe_address(self) -> None:
        letter = filled(to(unsubscribe_url="https://evil.ru"), text="{{ unsubscribe_url }}")
        assert body_of(letter, "plain") == "https://example.com/u/7/"

    def test_attachments_go_around_the_text(self) -> None:
        files = (
            ("price.pdf", "application/pdf", bytes(range(256)) * 20),
            ("Прайс-лист на двадцатое ноября две тысячи двадцать шестого.txt", "text/plain", b"."),
            ('odd "name".eml', "message/rfc822", b"From: x\n\n.\n"),
        )
        letter = filled(text="plain", html="<p>rich</p>", attachments=files)
        message = parsed(letter)
        assert message.get_content_type() == "multipart/mixed"
        attached = [*message.iter_attachments()]
        assert [part.get_filename() for part in attached] == [name for name, _, _ in files]
        assert [part.get_payload(decode=True) for part in attached] == [data for *_, data in files]
        assert attached[2].get_content_type() == "application/octet-stream"
        assert_travels(letter.body)

    @pytest.mark.parametrize("text", ["{{ attributes.x }}", "ы {{ attributes.x | upcase }}"])
    @pytest.mark.parametrize("value", ["\0", "\ud83d"])
    def test_what_no_text_can_hold_is_refused(self, text: str, value: str) -> None:
        for parts in ({"text": text}, {"html": text}):
            with pytest.raises(RenderRefused) as refusal:
                filled(to(attributes__x=value), **parts)
            assert refusal.value.code == "bad_text"

    def test_a_template_that_breaks_for_one_stops_only_this_one(self) -> None:
        email = compiled(text="{% for i in (1..attributes.n) %}x{% endfor %}")
        with pytest.raises(RenderRefused) as refusal:
            email.fill(to(attributes__n="99999999"))
        assert refusal.value.code == "template_failed"
        assert body_of(email.fill(to(attributes__n="3")), "plain") == "xxx"


def test_a_bad_template_is_refused_at_compile_time() -> None:
    with pytest.raises(ContentRefused):
        compiled(text="{{ a.b }}")


_anything = st.text(max_size=120)
_line = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\u0085"),
    max_size=120,
)
_local = st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,30}(\.[a-z0-9]{1,20}){0,2}", fullmatch=True)
_domain = st.from_regex(r"[a-z0-9]{1,20}(\.[a-z]{2,10}){1,3}", fullmatch=True)
_addresses = st.builds("{}@{}".format, _local, _domain)


@given(_addresses, _line, _line, _anything)
def test_whatever_the_data_there_is_one_recipient(
    address: str, name: str, subject: str, value: str
) -> None:
    claimed = to(address, full_name=name, attributes__s=subject, attributes__x=value)
    changes = {
        "subject": "{{ attributes.s }}!",
        "text": "Hi {{ attributes.x }}",
        "html": "<p>Привет {{ attributes.x }}</p>",
    }
    try:
        letter = filled(claimed, **changes)
    except RenderRefused as refusal:
        assert refusal.code == "bad_text" and "\0" in value
        return
    message = parsed(letter)
    assert message.keys() == HEADERS
    assert [who.addr_spec for who in message["To"].addresses] == [address]
    assert_travels(letter.body, longest=max(78, len(address) + 4))  # it cannot be folded
    assert body_of(letter, "plain") == same(f"Hi {value}").removesuffix("\n")
    assert unescape(body_of(letter, "html")) == same(unescape(f"<p>Привет {_escaped(value)}</p>"))


def _escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@given(_anything, _anything, _anything)
def test_whatever_the_data_the_headers_are_these_or_none(
    name: str, subject: str, address: str
) -> None:
    claimed = to(address or "a@x.ru", full_name=name, attributes__s=subject)
    try:
        letter = filled(claimed, subject="{{ attributes.s }}")
    except RenderRefused as refusal:
        assert refusal.code in ("header_injection", "bad_address", "bad_text")
    else:
        headers = letter.body.partition(b"\r\n\r\n")[0]
        names = re.findall(rb"(?m)^([!-9;-~]+):", headers)
        assert [field.decode() for field in names] == [*HEADERS, "Content-Transfer-Encoding"]


@given(st.lists(st.sampled_from(["a", "ы", " ", ".", "\n", "=", "x" * 80, "{{ attributes.x }}"])))
def test_any_mix_of_text_and_slots_travels(pieces: list[str]) -> None:
    source = "|" + "".join(pieces) + "|"
    letter = filled(to(attributes__x=". \n. ы="), text=source)
    assert_travels(letter.body)
    assert body_of(letter, "plain") == source.replace("{{ attributes.x }}", ". \n. ы=")

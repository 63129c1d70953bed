"""A Russian text holds no English word but names, acronyms, and what is typed as it stands."""

from __future__ import annotations

import re
from typing import Final

from tests.docs.test_catalogues import entries, forms

#: Products, protocols and formats that have no Russian name.
PRODUCTS: Final = frozenset(
    "API ASCII CSV CSRF DKIM DMARC DNS EHLO Email Excel GIF Gmail HSTS HTML HTTP HTTPS IP JPEG"
    " JavaScript JSON NTP ODS PDF PIPELINING PNG POST PTR QR RFC Redis SHA SMTP SPF STARTTLS"
    " Sendsay TLS TSV Telegram URL WebP XLS XLSX XML ZIP cookie email env vCard ID NUL CR LF"
    " CRLF SQLite PostgreSQL Python Django Vestnik Bearer Authorization AUTH IPv Mailchimp OAuth"
    " TXT Workspace Yahoo Mail.ru Postmaster Tools listmonk SVG HEIC AVIF EML MJML SMS RSS UTM"
    " UniSender SendPulse Brevo Stripo Atom ETag Apple Mail HEAD A"
    " MAX CNAME Callback Account SID Auth Token SMPP".split()
)
#: What a person types or reads in a file, a command or an answer exactly so.
LITERALS: Final = frozenset(
    "alt attributes beat celery config city clock count csv cursor for gateway gz http https id"
    " mailto next none off p py raw run_scheduler scheduler_process_ended serve status tab tel"
    " telegram track.id webhook worker xlsx zip manage poll_telegram Bot d said_at apikey user_id"
    " all any not version root include managers mon tue wed thu fri sat sun ru en inactive"
    " utm pdf number feed max vk mcp poetry install api_id key secret system_type"
    " message_payload".split()
)
#: Keys of .env, parts of a rule, headers; options of a command; what stands between braces.
_CODE: Final = re.compile(
    r"%\(\w+\)[sd]|%[sd%]|\{\{.*?\}\}|\{%.*?%\}|\{\w+\}|`[^`]*`|<[^>]*>|\S+://\S*"
    r"|\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]*)+\S*|\b(?:FREQ|BYDAY)\S*|--?[A-Za-z]\w*(?: [A-Za-z]+)?"
    r"|\b[a-z0-9.]+\.(?:com|org|ru)\b"
    r"|\bmanage\.py\S*(?: [a-z_-]+)*(?: [A-Z]+)?|\b[A-Za-z]+/[A-Za-z]+|\b[A-Za-z]+(?:-[A-Za-z]+)+\b"
)
_WORD: Final = re.compile(r"[A-Za-z](?:[\w.'’]*[A-Za-z])?")
#: A setting of Django that the doctor names.
SETTINGS: Final = frozenset(
    {"ALLOWED", "DATABASES", "DEBUG", "OPTIONS", "ACCOUNTS", "BITMIME", "APPROVAL"}
)


def english_in(text: str) -> list[str]:
    """The words of a Russian text that should have been Russian."""
    known = PRODUCTS | LITERALS | SETTINGS
    return [word for word in _WORD.findall(_CODE.sub(" ", text)) if word not in known]


def test_no_russian_text_holds_an_english_word() -> None:
    found = {
        text: english
        for message in entries("ru")
        for text in forms(message.string)
        if (english := english_in(text))
    }
    assert found == {}


def test_the_search_finds_what_it_should() -> None:
    assert english_in("SPF: there is no record") == ["there", "is", "no", "record"]
    assert english_in("Задайте SITE_URL в .env: %(host)s, --port N, {{ city }}") == []

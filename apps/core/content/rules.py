"""What every message must fulfil, asked when it is saved and again when a run is launched.

ContentRefused
├─ SubjectEmpty        subject_empty        there is no subject
├─ SubjectLineBreak    subject_line_break   a line break or control character in the subject
├─ PreheaderLineBreak  preheader_line_break  the same in the preheader
├─ FormMixed           form_mixed           blocks and HTML in one message
├─ ContentEmpty        content_empty        neither text nor HTML
├─ ContentTooBig       content_too_big      more than 500 kB
├─ ContentCharacters   content_characters   NUL, or half of a character pair
├─ HtmlTooDeep         html_too_deep        elements nested more than 200 deep
└─ TemplateRefused     template_…           see apps.core.content.template_language
   └─ TemplatePlace    template_place       a value where it cannot be made safe
"""

from __future__ import annotations

import re

from apps.core.content.html_contexts import places
from apps.core.content.html_nesting import MAX_DEPTH, is_too_deep
from apps.core.content.html_text import html_to_text
from apps.core.content.template_language import TemplateRefused, check, parse, too_slow
from apps.core.content.time_budget import MAX_SECONDS, MAX_TRIAL_SECONDS, OverLimit, time_budget
from apps.core.errors import ContentRefused, gettext_noop

MAX_BYTES = 500_000

#: Nothing that ends a line or steers a terminal may stand in a header.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class SubjectEmpty(ContentRefused):
    """There is no subject."""

    code = "subject_empty"


class SubjectLineBreak(ContentRefused):
    """There is a line break or a control character in the subject."""

    code = "subject_line_break"


class PreheaderLineBreak(ContentRefused):
    """There is a line break or a control character in the preheader."""

    code = "preheader_line_break"


class FormMixed(ContentRefused):
    """There are blocks and HTML in one message."""

    code = "form_mixed"


class ContentEmpty(ContentRefused):
    """There is neither text nor HTML."""

    code = "content_empty"


class ContentTooBig(ContentRefused):
    """It is bigger than 500 kB."""

    code = "content_too_big"


class ContentCharacters(ContentRefused):
    """There is a NUL or half of a character pair."""

    code = "content_characters"


class HtmlTooDeep(ContentRefused):
    """Its elements are nested deeper than a mail program will show."""

    code = "html_too_deep"


_SAMPLES = {
    "email": "anna@example.com",
    "full_name": "Anna Example",
    "unsubscribe_url": "https://example.com/u/1/",
    "preferences_url": "https://example.com/u/1/",
    "view_url": "https://example.com/v/1/",
}


def check_head(subject: str, preheader: str) -> None:
    """Raise the ContentRefused that says what is wrong above the body, whatever its form."""
    if not subject.strip():
        raise SubjectEmpty(gettext_noop("Give the message a subject."))
    if CONTROLS.search(subject):
        raise SubjectLineBreak(
            gettext_noop("The subject must be one line without control characters.")
        )
    if CONTROLS.search(preheader):
        raise PreheaderLineBreak(
            gettext_noop("The preheader must be one line without control characters.")
        )
    _check_characters(subject + preheader)
    _check_part(gettext_noop("Subject"), subject)
    _check_part(gettext_noop("Preheader"), preheader)


def check_form(html: str, document: object | None) -> None:
    """Raise FormMixed for a letter of blocks that has HTML of its own as well."""
    if document is not None and html.strip():
        raise FormMixed(
            gettext_noop("A message made of blocks has no HTML of its own: send one of the two.")
        )


def check_content(subject: str, text: str, html: str) -> None:
    """Raise the ContentRefused that says what must be fixed; return when it can be sent."""
    check_head(subject, "")
    if not text.strip() and not html.strip():
        raise ContentEmpty(gettext_noop("Give the message a text or HTML."))
    _check_characters(subject + text + html)
    _check_part(gettext_noop("Text"), text)
    _check_part("HTML", html)
    if not text.strip() and not _has_text(html):
        raise ContentEmpty(gettext_noop("There is no text in the HTML: write one."))


def _check_characters(content: str) -> None:
    try:
        size = len(content.encode())
    except UnicodeEncodeError as error:
        text = gettext_noop("There is a broken character in the message.")
        raise ContentCharacters(text) from error
    if size > MAX_BYTES:
        text = gettext_noop("The message is bigger than %(limit)d kB.")
        raise ContentTooBig(text, limit=MAX_BYTES // 1000)
    if "\0" in content:
        raise ContentCharacters(gettext_noop("There is a NUL character in the message."))


def _has_text(html: str) -> bool:
    with time_budget(MAX_SECONDS):
        return bool(html_to_text(html))


def _check_part(part: str, source: str) -> None:
    """Try the part out as it would be written for somebody, with one budget as when it is sent."""
    try:
        template = parse(source)
        for fields in ({}, {name: _SAMPLES.get(name, "1") for name in template.names}):
            with time_budget(MAX_TRIAL_SECONDS):
                parts = check(template, fields)
                if part == "HTML":
                    _check_html(parts)
    except OverLimit as error:
        raise too_slow().within(part) from error
    except TemplateRefused as refusal:
        raise refusal.within(part) from refusal


def _check_html(parts: list[str]) -> None:
    html = "".join(parts)
    refuse_depth(html)  # in a moment, where the others would go through all of it first
    places(parts[::2])
    html_to_text(html)


def refuse_depth(html: str) -> None:
    """Raise HtmlTooDeep for HTML that nobody can clean or show in a sane time."""
    if is_too_deep(html):
        text = gettext_noop(
            "The HTML is nested more than %(limit)d elements deep, or too much of it is not closed."
        )
        raise HtmlTooDeep(text, limit=MAX_DEPTH)

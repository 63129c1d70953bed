"""The look of a mail about an account, made from its text: one text, so that both say the same."""

from __future__ import annotations

from django.template.loader import render_to_string

#: What a mail ends with; the look has a foot of its own.
SIGNATURE = "\n--\n"


def mail_html(subject: str, text: str, *, name: str, domain: str) -> str:
    """The mail as a page. A line that ends in a colon above an address becomes a button."""
    body = text.split(SIGNATURE)[0]
    parts = [_part(paragraph.strip()) for paragraph in body.split("\n\n") if paragraph.strip()]
    facts = {"subject": subject, "parts": parts, "name": name, "domain": domain}
    return render_to_string("account/email/message.html", facts)


def _part(paragraph: str) -> tuple[str, str]:
    label, _newline, url = paragraph.partition("\n")
    if url.startswith(("http://", "https://")) and label.endswith(":") and "\n" not in url:
        return label.removesuffix(":"), url
    return paragraph, ""

"""Foreign letters: read as they were meant, and the hostile ones refused by a process that ends."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from apps.core.files.limited_process import ROOT, NoAnswer, ask
from apps.mailings.importing.letters.errors import LetterRefused, LetterTooDeep
from apps.mailings.importing.letters.reading import read_letter, refusal
from apps.mailings.importing.letters.worker.job import Job
from tests.mailings.media.pictures import drawing

PAGE = """<html lang="ru"><head><title>News &amp; more</title>
<link rel="stylesheet" href="https://e.org/a.css"><style>@import url(https://e.org/b.css);
@font-face{font-family:X;src:url(https://e.org/x.woff)} p{color:#123456}
@media (max-width:600px){.col{width:100%!important}}</style></head>
<body bgcolor="#eee" onload="x()"><!-- a note --><script>alert(1)</script>
<!--[if mso]><table><tr><td><![endif]--><p>Hi *|FNAME|* {{ contact.X | upcase }}
<a href="javascript:x()">x</a> <a href="{{ unsubscribe_url }}">u</a></p>
{% if a > "1" %}<p>z</p>{% endif %}<img src="https://e.org/i.png?a=1&amp;b=2" width=100>
<form action="https://e.org"><input name=a></form><iframe src="https://e.org"></iframe>
<!--[if mso]></td></tr></table><![endif]-->
<table>{% for i in (1..3) %}<tr><td>{{ i }}</td></tr>{% endfor %}</table></body></html>"""


def archive(files: dict[str, bytes | str], *, lie: bool = False) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
        for entry in packed.filelist if lie else ():
            entry.file_size = min(entry.file_size, 1000)
    return made.getvalue()


def html_of(content: bytes | str) -> str:
    return read_letter(content.encode() if isinstance(content, str) else content).found.html


def test_a_page_keeps_its_look_its_code_and_its_rules_for_phones() -> None:
    found = read_letter(PAGE.encode(), "may.html").found
    assert (found.subject, found.language) == ("News & more", "ru")
    assert 'style="color: #123456;"' in found.html and 'bgcolor="#eee"' in found.html
    for kept in ("@media", "{{ contact.X | upcase }}", "*|FNAME|*", '{% if a > "1" %}', "[if mso]"):
        assert kept in found.html
    assert 'href="{{ unsubscribe_url }}"' in found.html
    assert "{% for i in (1..3) %}" in found.html and "{{ i }}" in found.html
    assert found.remote == ["https://e.org/i.png?a=1&b=2"]


def test_what_runs_sends_or_fetches_is_dropped_and_counted() -> None:
    found = read_letter(PAGE.encode()).found
    for gone in ("script", "onload", "<form", "<input", "iframe", "@import", "font-face", "a note"):
        assert gone not in found.html
    assert found.left_out == {"scripts": 3, "forms": 2, "styles": 3, "embedded": 1}


def test_pictures_of_an_archive_come_with_their_page() -> None:
    page = (
        '<link rel=stylesheet href="css/a.css"><p>x</p><img src="images/a%20b.png">'
        '<img src="no.gif">'
        '<img src="./images/a%20b.png"><img src="https://e.org/c.png">'
    )
    files: dict[str, bytes | str] = {
        "letter/index.html": page,
        "letter/other.html": "<p>other</p>",
        "letter/css/a.css": "p{color:red}",
        "letter/images/a b.png": drawing(),
        "__MACOSX/letter/._index.html": "junk",
        "readme.txt": "no",
    }
    read = read_letter(archive(files), "letter.zip")
    assert [name for name, _data in read.pictures] == ["a b.png"]
    assert read.pictures[0][1] == drawing()
    assert read.found.html.count('src="cid:letter-0"') == 2
    assert "color: red" in read.found.html
    assert (read.found.missing, read.found.left_out) == (["no.gif"], {"pages": 1})


def test_a_saved_email_brings_its_pictures_by_their_ids() -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Привет, мир", "a@example.org"
    mail.set_content("plain words")
    mail.add_alternative('<p>Hi</p><img src="cid:logo@x">', subtype="html")
    part = mail.get_payload()[1]  # type: ignore[index]
    assert isinstance(part, EmailMessage)
    part.add_related(drawing(), "image", "png", cid="<logo@x>", filename="logo.png")
    mail.add_attachment(b"%PDF", "application", "pdf", filename="a.pdf")
    read = read_letter(bytes(mail), "may.eml")
    assert read.found.subject == "Привет, мир"
    assert 'src="cid:letter-0"' in read.found.html and read.pictures[0][0] == "logo.png"
    assert read.found.left_out == {"attachments": 1}


def test_an_email_of_text_alone_becomes_paragraphs() -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Hi", "a@example.org"
    mail.set_content("One <b>\ntwo\n\nthree")
    assert "<p>One &lt;b&gt;<br>two</p><p>three</p>" in html_of(bytes(mail))


def test_mjml_is_laid_out_and_keeps_its_placeholders() -> None:
    source = (
        "<mjml><mj-head><mj-title>T</mj-title></mj-head><mj-body><mj-section><mj-column>"
        '<mj-text>Hi {{ name | default: "x" }}</mj-text>'
        '<mj-image src="https://e.org/a.png" alt="a\u00a0b {{ name }}" /></mj-column></mj-section>'
        "</mj-body></mjml>"
    )
    found = html_of(source)
    assert 'Hi {{ name | default: "x" }}' in found and 'alt="a&nbsp;b {{ name }}"' in found


def test_pictures_inside_addresses_become_files() -> None:
    import base64

    data = base64.b64encode(drawing()).decode()
    read = read_letter(f'<p>x</p><img src="data:image/png;base64,{data}">'.encode(), "may.html")
    assert read.pictures[0][1] == drawing() and "cid:letter-0" in read.found.html


@pytest.mark.parametrize(
    ("declared", "encoding"), [("windows-1251", "cp1251"), ("utf-8", "cp1251"), ("", "utf-16")]
)
def test_encodings_are_found_whatever_is_declared(declared: str, encoding: str) -> None:
    page = f'<meta charset="{declared}"><p>Добрый день, дорогие друзья и коллеги</p>'
    assert "дорогие друзья" in html_of(page.encode(encoding))


DEEP = [
    "<div>" * 200_000,
    "<p>" + "<b>" * 200_000,
    "<mjml><mj-body>" + "<mj-section>" * 200_000,
    "<p>x</p>" * 20_001,
    "<table><tr><td>" * 300,
    "Subject: x\nContent-Type: multipart/mixed; boundary=a\n\n"
    + "--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 20_000,
]


@pytest.mark.parametrize("source", DEEP, ids=["div", "b", "mjml", "many", "tables", "mail"])
def test_what_is_nested_without_end_is_refused_before_anybody_parses_it(source: str) -> None:
    with pytest.raises(LetterTooDeep) as refused:
        html_of(source)
    assert refused.value.code == "import_too_deep"


BOMBS: dict[str, Callable[[], bytes]] = {
    "honest bomb": lambda: archive({"index.html": "<p>x</p>", "a.png": b"\0" * (61 * 1024 * 1024)}),
    "lying bomb": lambda: archive(
        {"index.html": "<p>x</p>"} | {f"{n}.png": b"\0" * (20 * 1024 * 1024) for n in range(4)},
        lie=True,
    ),
    "many files": lambda: archive({f"{number}.png": "x" for number in range(301)}),
    "path out": lambda: archive({"../index.html": "<p>x</p>"}),
    "no page": lambda: archive({"a.png": "x"}),
    "broken": lambda: b"PK\x03\x04" + b"x" * 100,
    "mjml include": lambda: b'<mjml><mj-body><mj-include path="/etc/passwd" /></mj-body></mjml>',
    "mjml entities": lambda: b'<mjml><!DOCTYPE a [<!ENTITY b "c">]><mj-body>&b;</mj-body></mjml>',
    "mjml broken": lambda: b"<mjml><mj-body><mj-section></mj-body></mjml>",
    "binary": lambda: b"\x7fELF\0\0\0\0",
    "empty": lambda: b" \n",
    "no html": lambda: b"just words",
    "too long": lambda: b"<p>" + b"x" * 1_000_000,
    "too many tags": lambda: b"<p>" + b"{{ a }}" * 3_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_would_fill_the_memory_or_reach_out_is_refused(name: str) -> None:
    with pytest.raises(LetterRefused) as refused:
        read_letter(BOMBS[name](), "x")
    assert refused.value.code == "import_refused"
    assert str(refused.value) != str(refusal("nothing known")), "it says why"


def test_a_link_in_an_archive_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        entry = zipfile.ZipInfo("index.html")
        entry.external_attr = 0o120777 << 16
        packed.writestr(entry, "/etc/passwd")
    with pytest.raises(LetterRefused, match="outside"):
        read_letter(made.getvalue())


def test_entities_and_imports_of_styles_grow_into_nothing() -> None:
    entities = "".join(f'<!ENTITY lol{n} "{"&lol;" * 10}">' for n in range(9))
    page = (
        f'<?xml version="1.0"?><!DOCTYPE lolz [{entities}]><html><body><p>&lol9;</p></body></html>'
    )
    assert len(html_of(page)) < 2_000
    found = read_letter(
        ("<style>" + "@import url(https://e.org/a.css);" * 20_000 + "</style><p>x</p>").encode()
    ).found
    assert found.left_out == {"styles": 20_000} and "@import" not in found.html


def test_a_file_of_the_machine_is_no_style_sheet() -> None:
    page = '<link rel="stylesheet" href="file:///etc/passwd"><p>x</p>'
    assert read_letter(page.encode()).found.left_out == {"styles": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_a_process_over_its_memory_ends_and_takes_nobody_with_it(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"<p>" + b"x" * 500_000)
    job = Job(str(source), str(tmp_path), "x", megabytes=40, seconds=10)
    try:
        found = ask("apps.mailings.importing.letters.worker", job, seconds=30)
    except NoAnswer as end:
        assert end.status
    else:
        assert found == {"error": "too_big"}


def test_the_reader_knows_no_settings_and_no_database() -> None:
    package = "apps.mailings.importing.letters.worker"
    command = [sys.executable, "-X", "importtime", "-c", f"import {package}.letters"]
    done = subprocess.run(command, capture_output=True, cwd=ROOT)
    assert done.returncode == 0 and b"django" not in done.stderr

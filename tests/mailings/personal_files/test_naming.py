"""What one recipient's file is called and where it is looked for."""

from __future__ import annotations

import pytest

from apps.core.errors import ContentRefused
from apps.mailings.models import PersonalFile
from apps.mailings.personal_files.naming import Found, Wanted, check_channels, check_patterns


def wanted(source: str, name: str, origin: str = "") -> Wanted:
    return Wanted({"id": 1, "name": name, "source": source, "origin": origin, "required": True})


def test_a_file_of_an_archive_is_looked_for_by_its_own_name_or_by_another() -> None:
    fields = {"number": "A-17"}
    own = wanted("archive", "Счёт {{ number }}.PDF").of(fields)
    assert own == Found("Счёт A-17.PDF", "счёт a-17.pdf")
    assert wanted("archive", "Счёт.pdf", "{{ number }}.pdf").of(fields).origin == "a-17.pdf"


def test_a_name_leads_out_of_no_folder() -> None:
    assert wanted("archive", "{{ n }}.pdf").of({"n": "../../etc/x\r\n"}).name == "x.pdf"


@pytest.mark.parametrize(
    ("origin", "fields", "address"),
    [
        ("https://f.test/{{ n }}.pdf", {"n": "A 1/2"}, "https://f.test/A%201%2F2.pdf"),
        ("https://f.test/{{ n }}.pdf", {"n": "../x?y#z"}, "https://f.test/..%2Fx%3Fy%23z.pdf"),
        ("https://f.test/{{ n }}.pdf", {}, ""),
        ('https://f.test/{{ n | default: "none" }}.pdf', {}, "https://f.test/none.pdf"),
        ("{{ link }}", {"link": "https://f.test/1.pdf?a=b"}, "https://f.test/1.pdf?a=b"),
        ("{{ link }}", {"link": "javascript:alert(1)"}, ""),
        ("{{ link }}", {"link": "file:///etc/passwd"}, ""),
        ("{{ link }}", {"link": "https://"}, ""),
    ],
)
def test_a_value_is_a_part_of_an_address_or_the_whole_of_it(
    origin: str, fields: dict[str, str], address: str
) -> None:
    assert wanted("url", "a.pdf", origin).of(fields).origin == address


@pytest.mark.parametrize(
    "origin", ["ftp://f.test/a", "//f.test/a", "{% if a %}https://x{% endif %}"]
)
def test_an_address_that_could_not_be_asked_is_refused(origin: str) -> None:
    with pytest.raises(ContentRefused):
        check_patterns(PersonalFile(name="a.pdf", source="url", origin=origin))


def test_a_pattern_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ContentRefused):
        check_patterns(PersonalFile(name="{{ number", source="archive"))


def test_a_channel_that_carries_no_files_is_refused() -> None:
    file = PersonalFile(name="a.pdf")
    check_channels([file], ["email", "telegram"], 0)
    for channels, shared in ((["email", "phone"], 0), (["telegram"], 1), (["max"], 0), (["vk"], 0)):
        with pytest.raises(ContentRefused):
            check_channels([file], channels, shared)
    check_channels([], ["phone"], 3)

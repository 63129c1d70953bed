from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from apps.mailings.importing import pipeline
from apps.mailings.importing.errors import ImportRefused, RejectsUnwritable
from apps.mailings.importing.files.readers import DelimitedTable
from apps.mailings.importing.pipeline import Import
from apps.mailings.importing.rejects import RejectFile
from apps.mailings.importing.staging.commit_marker import CommitMarker
from apps.mailings.importing.staging.tables import ImportJob
from apps.mailings.models import Recipient, Tag
from apps.users.models import User
from tests.factories import RecipientFactory, UserFactory
from tests.mailings.importing.conftest import ImportRows

pytestmark = pytest.mark.engine


def rejected(directory: Path) -> list[tuple[str, str]]:
    """Line and code of every row of the rejects file."""
    path = directory / "rejected.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        _header, *rows = csv.reader(file, delimiter=",")
        return [(row[0], row[1]) for row in rows]


def mine(owner: User) -> list[str | None]:
    return list(
        Recipient.objects.filter(owner=owner).order_by("id").values_list("email", flat=True)
    )


def test_a_row_becomes_a_recipient(import_rows: ImportRows, owner: User) -> None:
    report = import_rows(
        "Email;ФИО;Телефон;Telegram;Часовой пояс;Метки;Город;Комментарий\n"
        'Anna@Example.org;Анна "А" Ли\\;+7 916 123-45-67;42;Asia/Omsk;vip|друзья;"Омск";"a\tb\nc"\n'
    )
    assert (report.rows, report.added, report.rejected) == (1, 1, 0)
    assert report.rejects is None
    anna = Recipient.objects.get(owner=owner)
    assert (anna.email, anna.full_name) == ("anna@example.org", 'Анна "А" Ли\\')
    assert (anna.phone, anna.operator_code) == ("79161234567", "916")
    assert (anna.telegram_chat_id, anna.time_zone) == (42, "Asia/Omsk")
    assert (anna.attributes, anna.comment) == ({"город": "Омск"}, "a\tb\nc")
    assert {tag.name for tag in anna.tags.all()} == {"vip", "друзья"}
    assert anna.created_at == anna.updated_at


def test_attributes_can_be_asked_for(import_rows: ImportRows, owner: User) -> None:
    import_rows("email,Город\na@example.org,Омск\nb@example.org,\n")
    assert Recipient.objects.get(attributes__город="Омск").email == "a@example.org"
    assert Recipient.objects.get(attributes={"город": "Омск"}).email == "a@example.org"
    assert Recipient.objects.get(attributes={}).email == "b@example.org"


def test_the_first_of_two_equal_addresses_is_taken(
    import_rows: ImportRows, owner: User, tmp_path: Path
) -> None:
    report = import_rows("email,name\na@example.org,1\nA@example.org,2\nb@example.org,3\n")
    assert report.reasons == {"duplicate_in_file": 1}
    assert report.examples[0].detail == "2"
    assert report.examples[0].fields == ("A@example.org", "2")
    assert rejected(tmp_path) == [("3", "duplicate_in_file")]
    assert Recipient.objects.get(owner=owner, email="a@example.org").full_name == "1"


def test_a_row_that_lost_takes_no_other_address_with_it(
    import_rows: ImportRows, owner: User
) -> None:
    text = "email,phone\na@e.org,79000000001\nb@e.org,79000000001\nb@e.org,79000000002\n"
    for dry_run in (True, False):
        report = import_rows(text, dry_run=dry_run)
        assert [(r.line, r.detail) for r in report.examples] == [(3, "2")]
    assert mine(owner) == ["a@e.org", "b@e.org"]


def test_addresses_are_compared_within_the_owner(
    import_rows: ImportRows, owner: User, tmp_path: Path
) -> None:
    RecipientFactory(owner=owner, email="a@example.org")
    RecipientFactory(owner=UserFactory(), email="b@example.org")
    report = import_rows("email\na@example.org\nb@example.org\n")
    assert (report.added, report.reasons) == (1, {"duplicate_in_database": 1})
    assert rejected(tmp_path) == [("2", "duplicate_in_database")]


MIXED = (
    "email,phone,telegram,city,tags\n"
    "old@e.org,,,Omsk,x\n"
    ",79000000009,,Perm,\n"
    "new@e.org,79000000001,1,,y\n"
    "new@e.org,79000000002,2,,\n"
    ",79000000001,3,,\n"
    ",,1,,\n"
    "third@e.org,79000000009,,,\n"
    "third@e.org,79000000003,,,z\n"
    "bad,,,,\n"
)


@pytest.mark.parametrize("update", [False, True])
def test_a_dry_run_says_what_the_real_run_does(
    update: bool, import_rows: ImportRows, owner: User, tmp_path: Path
) -> None:
    RecipientFactory(owner=owner, email="old@e.org")
    RecipientFactory(owner=owner, email=None, phone="79000000009")
    before = mine(owner)
    dry = import_rows(MIXED, update=update, dry_run=True)
    assert (mine(owner), Tag.objects.count()) == (before, 0)
    real = import_rows(MIXED, update=update)
    assert dry.dry_run and not real.dry_run
    for name in ("rows", "added", "updated", "rejected", "reasons", "examples"):
        assert getattr(dry, name) == getattr(real, name), name
    assert real.rows == 9 == real.added + real.updated + real.unchanged + real.rejected
    assert real.updated == (2 if update else 0)


def test_update_changes_known_recipients(import_rows: ImportRows, owner: User) -> None:
    anna = Recipient.objects.create(
        owner=owner,
        email="anna@e.org",
        full_name="Old",
        comment="keep",
        attributes={"city": "Omsk", "size": "M"},
    )
    report = import_rows(
        "email,name,comment,city,tags,phone\n"
        "Anna@e.org,New,,Perm,vip,8 916 0000000\n"
        "b@e.org,B,,,,\n",
        update=True,
        tags=["all"],
    )
    assert (report.added, report.updated, report.rejected) == (1, 1, 0)
    anna.refresh_from_db()
    assert (anna.full_name, anna.comment) == ("New", "keep")
    assert anna.attributes == {"city": "Perm", "size": "M"}
    assert (anna.phone, anna.operator_code) == ("79160000000", "916")
    assert {tag.name for tag in anna.tags.all()} == {"vip", "all"}
    assert Recipient.objects.get(attributes__city="Perm") == anna


def test_update_gives_nobody_the_address_of_another(import_rows: ImportRows, owner: User) -> None:
    RecipientFactory(owner=owner, email="a@e.org", phone="79000000001")
    RecipientFactory(owner=owner, email="b@e.org", phone="79000000002")
    report = import_rows("email,phone\na@e.org,79000000002\n", update=True)
    assert (report.updated, report.reasons) == (0, {"duplicate_in_database": 1})


def test_an_update_repeated_changes_nothing_more(import_rows: ImportRows, owner: User) -> None:
    import_rows(MIXED, update=True)
    first = list(Recipient.objects.filter(owner=owner).order_by("id").values_list("email", "phone"))
    report = import_rows(MIXED, update=True)
    again = list(Recipient.objects.filter(owner=owner).order_by("id").values_list("email", "phone"))
    assert (again, report.added) == (first, 0)


def test_tags_for_all_and_tags_of_rows(import_rows: ImportRows, owner: User) -> None:
    Tag.objects.create(owner=owner, name="vip")
    import_rows("email,tags\na@e.org,vip\nb@e.org,\nbad,never\n", tags=["all", "vip", "all"])
    tags = {r.email: sorted(t.name for t in r.tags.all()) for r in Recipient.objects.all()}
    assert tags == {"a@e.org": ["all", "vip"], "b@e.org": ["all", "vip"]}
    assert set(Tag.objects.values_list("name", flat=True)) == {"all", "vip"}


def test_the_rejects_file_keeps_the_fields_and_disarms_formulas(
    import_rows: ImportRows, owner: User, tmp_path: Path
) -> None:
    content = "email;имя;phone\n=1+1;=1+1;\nb@e.org;Анна;-5\n".encode()
    content += "c@e.org;Борис;\n".encode("cp1251")
    report = import_rows(content)
    assert report.rejects == tmp_path / "rejected.csv"
    lines = report.rejects.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "rejected_line;rejected_code;rejected_reason;email;имя;phone"
    assert lines[1].startswith("2;formula;") and lines[1].endswith(";'=1+1;'=1+1;")
    assert lines[2] == "3;phone_not_taken;Imported without this phone: -5;b@e.org;Анна;'-5"
    assert lines[3].startswith("4;bad_encoding;") and "\\xc1\\xee" in lines[3]


def test_a_run_without_rejects_leaves_no_old_file(import_rows: ImportRows, tmp_path: Path) -> None:
    import_rows("email\nbad\n")
    assert (tmp_path / "rejected.csv").exists()
    import_rows("email\na@example.org\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source.csv"]


def test_somebody_elses_file_is_not_removed(import_rows: ImportRows, tmp_path: Path) -> None:
    (tmp_path / "rejected.csv").write_text("my notes", encoding="utf-8")
    import_rows("email\na@example.org\n")
    assert (tmp_path / "rejected.csv").read_text(encoding="utf-8") == "my notes"


def test_nothing_is_begun_when_rejects_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, import_rows: ImportRows, owner: User
) -> None:
    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(RejectsUnwritable):
        import_rows("email\na@example.org\n")
    assert mine(owner) == []


def test_a_refused_import_leaves_no_files(import_rows: ImportRows, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused):
        import_rows("Имя\nАнна\n")
    assert [path.name for path in tmp_path.iterdir()] == ["source.csv"]


TEXT = "email\na@example.org\na@example.org\nbad\n"


def test_a_run_killed_between_commit_and_report_is_only_reported(
    import_rows: ImportRows, owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(RejectFile, "publish", _die)
        with pytest.raises(KeyboardInterrupt):
            import_rows(TEXT)
    assert mine(owner) == ["a@example.org"] and not (tmp_path / "rejected.csv").exists()
    report = import_rows(TEXT)
    assert (report.resumed, report.added, report.rejected) == (True, 1, 2)
    assert rejected(tmp_path) == [("3", "duplicate_in_file"), ("4", "bad_email")]
    assert len(list(tmp_path.iterdir())) == 2
    assert import_rows(TEXT).reasons["duplicate_in_database"] == 2


def test_a_receipt_of_a_run_that_was_not_committed_is_not_believed(
    import_rows: ImportRows, owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = CommitMarker.write

    def write_and_die(self: CommitMarker, *given: Any) -> None:
        write(self, *given)
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(CommitMarker, "write", write_and_die)
        with pytest.raises(KeyboardInterrupt):
            import_rows(TEXT)
    assert mine(owner) == []
    assert not import_rows(TEXT).resumed
    assert mine(owner) == ["a@example.org"]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_failure_in_reading_leaves_nothing(
    import_rows: ImportRows, owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: Any, **named: Any) -> Any:
        raise OSError("the disk is gone")

    monkeypatch.setattr(pipeline, "check", fail)
    with pytest.raises(OSError, match="disk"):
        import_rows(TEXT)
    assert mine(owner) == []
    assert [path.name for path in tmp_path.iterdir()] == ["source.csv"]


def test_progress_is_reported(owner: User, tmp_path: Path, import_rows: ImportRows) -> None:
    import_rows("email\na@example.org\nbad\n")
    reported: list[int] = []
    table = DelimitedTable(tmp_path / "source.csv")
    job = ImportJob(owner.pk, owner.date_joined, dry_run=True)
    Import(table, job, {}, None, reported.append).run()
    assert reported == [2]


def _die(*given: Any) -> None:
    raise KeyboardInterrupt

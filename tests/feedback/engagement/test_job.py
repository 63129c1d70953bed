"""Spools are read once, by one reader each, to their ends, and then removed."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.core.personal_data import Person
from apps.delivery.monitoring.health import alert_text, check_health
from apps.feedback.engagement import job, watching
from apps.feedback.engagement.forgetting import EngagementData
from apps.feedback.engagement.keeping import Keeper
from apps.feedback.engagement.spool import Spool, pack
from apps.mailings.models import (
    Engagement,
    EngagementSpool,
    LinkEngagement,
    Run,
    WaitingEngagement,
)
from apps.mailings.services.privacy.erasing import erase_person, person_of
from apps.mailings.services.privacy.retention import count_old, remove_old
from tests.feedback.engagement.readers import NOW, clicked, opened, sent_run, take, terms

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, settings: LazySettings) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "spool"


def read_all() -> int:
    return job.count_all(lambda: False)


def test_a_living_process_is_read_as_it_writes(place: Path) -> None:
    run, letters = sent_run(3)
    spool = Spool()
    spool.append(opened(letters[0]))
    spool.append(opened(letters[1]))
    assert (read_all(), read_all(), terms(run)) == (2, 0, (2, 0, 0, 0))
    spool.append(clicked(letters[2]))
    assert (read_all(), terms(run)) == (1, (3, 0, 0, 1))
    (file,) = place.iterdir()
    assert EngagementSpool.objects.get().offset == file.stat().st_size
    spool.close()


def test_the_spool_of_a_process_that_is_gone_is_removed_when_it_is_read(place: Path) -> None:
    run, (letter,) = sent_run()
    spool = Spool()
    spool.append(opened(letter))
    spool.close()
    assert read_all() == 1
    read_all()
    assert (list(place.iterdir()), EngagementSpool.objects.count()) == ([], 0)
    assert terms(run) == (1, 0, 0, 0)


def test_a_record_that_its_process_could_not_finish_is_no_reason_to_wait(place: Path) -> None:
    _run, (letter,) = sent_run()
    spool = Spool()
    spool.append(opened(letter))
    spool.close()
    (file,) = place.iterdir()
    file.write_bytes(file.read_bytes() + pack(opened(letter))[:-3])
    assert read_all() == 1
    read_all()
    assert list(place.iterdir()) == []


def test_a_file_that_was_just_made_is_left_for_its_first_record(place: Path) -> None:
    place.mkdir()
    (place / "engagement-1-a").touch()
    read_all()
    assert len(list(place.iterdir())) == 1
    os.utime(place / "engagement-1-a", (1, 1))
    read_all()
    assert list(place.iterdir()) == []


def test_what_could_not_be_counted_is_counted_later_and_once(place: Path) -> None:
    run, (letter,) = sent_run()
    spool = Spool()
    spool.append(opened(letter))
    with (
        mock.patch("apps.feedback.engagement.ingest._keep_waiting", side_effect=RuntimeError),
        pytest.raises(RuntimeError),
    ):
        read_all()
    assert not Engagement.objects.exists()
    assert (read_all(), terms(run)) == (1, (1, 0, 0, 0))
    spool.close()


def test_the_lag_is_that_of_the_oldest_that_is_not_counted(place: Path) -> None:
    _run, (letter,) = sent_run()
    spool = Spool()
    assert job.lag(NOW) == 0
    spool.append(opened(letter, at=NOW - timedelta(seconds=90)))
    spool.append(opened(letter))
    assert job.lag(NOW) == 90
    assert [one.code for one in watching.alerts(NOW)] == ["engagement_late"]
    read_all()
    assert (job.lag(NOW), watching.alerts(NOW), watching.figures().values) == (0, [], {"": 0})
    spool.close()


def test_what_was_dropped_is_an_alert_for_a_day() -> None:
    spool = Spool()
    with mock.patch.object(Spool, "_begin", side_effect=OSError("full")):
        spool.append(opened(sent_run()[1][0]))
    Keeper(spool).check()
    Keeper(spool).check()
    health = check_health(now=timezone.now())
    assert "engagement_dropped" in health.codes
    assert any("1 opening or click was not written down" in one for one in alert_text(health))
    later = timezone.now() + timedelta(days=2)
    assert "engagement_dropped" not in check_health(now=later).codes


def test_a_serving_process_reads_its_spool_itself_where_nobody_does() -> None:
    run, (letter,) = sent_run()
    spool = Spool()
    spool.append(opened(letter))
    with mock.patch("apps.feedback.engagement.job.lag", return_value=20.0):
        Keeper(spool).check()
    assert terms(run) == (1, 0, 0, 0)
    spool.close()


def test_an_erased_person_is_in_no_row_and_the_sums_stay() -> None:
    run, (letter,) = sent_run()
    take(clicked(letter))
    copied = EngagementData().copied(person_of(letter.recipient))
    assert [row["clicks"] for row in copied["openings_and_clicks"]] == [1]
    assert [row["link"] for row in copied["followed_links"]] == ["https://shop.example.org/1"]
    erase_person(letter.recipient, now=NOW)
    assert not Engagement.objects.exists() and not LinkEngagement.objects.exists()
    assert terms(run) == (1, 0, 0, 1)


def test_nobody_is_erased_who_is_not_named() -> None:
    _run, letters = sent_run(2)
    take(clicked(letters[0]), clicked(letters[1]))
    mine = Person(1, letters[0].recipient_id, frozenset(), (letters[0].pk,))
    assert EngagementData().erase(mine) == 1
    assert Engagement.objects.get().recipient_id == letters[1].recipient_id
    assert LinkEngagement.objects.get().delivery_id == letters[1].pk


def test_of_runs_that_ended_long_ago_only_the_sums_stay(settings: LazySettings) -> None:
    settings.TRACKING_KEEP_DAYS = 30
    run, letters = sent_run(2)
    fresh, (other,) = sent_run()
    take(clicked(letters[0]), clicked(other))
    Run.objects.filter(pk=run.pk).update(finished_at=NOW - timedelta(days=31))
    assert count_old("engagement", now=NOW) == 1
    assert remove_old("engagement", now=NOW) == 1
    assert Engagement.objects.get().run_id == fresh.pk
    assert LinkEngagement.objects.get().delivery_id == other.pk
    take(clicked(letters[0]), clicked(letters[1]))
    assert (terms(run), Engagement.objects.filter(run=run).count()) == ((1, 0, 0, 1), 0)
    assert not WaitingEngagement.objects.exists()

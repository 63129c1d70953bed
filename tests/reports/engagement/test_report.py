"""What readers did, on the report of a mailing: figures, people behind them, links, files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import Run
from tests.factories import (
    DeliveryFactory,
    EngagementFactory,
    EngagementHourFactory,
    EngagementShareFactory,
    LinkEngagementFactory,
    MailingFactory,
    RunFactory,
    TrackedLinkFactory,
    measured_run,
)
from tests.people import Cast

pytestmark = pytest.mark.django_db

LETTER = (
    '<p><a href="{{ site }}">Own</a> <a href="https://example.org/a">First</a> '
    '<a href="{{ unsubscribe_url }}">out</a> '
    '<a title="1 > 0" href="https://example.org/b">Second</a></p>'
)


@pytest.fixture
def run(cast: Cast) -> Run:
    """Ten were sent: a reader who clicked, one who opened, a proxy, a scanner; one bounced."""
    run = measured_run(
        mailing=MailingFactory.create(owner=cast.owner),
        state="done",
        sent=7,
        delivered=2,
        bounced=1,
        failed=2,
        engaged_person=2,
        engaged_clicked=1,
        engaged_unclear=1,
        engaged_machine=1,
    )
    run.content["html"] = LETTER
    run.save(update_fields=["content"])
    now, terms = timezone.now(), ("person", "person", "unclear", "machine", "person")
    for number, term in enumerate(terms):
        state = "bounced" if number == 4 else "sent"
        clicked = now if number == 0 else None
        sent = DeliveryFactory.create(run=run, state=state, recipient__full_name=f"{term} {number}")
        EngagementFactory.create(delivery=sent, term=term, clicked_at=clicked, clicks=bool(clicked))
    for _number in range(4):
        DeliveryFactory.create(run=run, state="sent", recipient__full_name="quiet")
    return run


def people(cast: Cast, run: Run, query: str) -> list[str]:
    """The names on the list behind a figure."""
    url = reverse("mailings:run", args=[run.mailing_id, run.number])
    page = cast.client("owner").get(f"{url}?{query}")
    assert page.status_code == 200
    return sorted(row.recipient.full_name for row, _why in page.context["rows"])


def report(cast: Cast, run: Run, query: str = "") -> Any:
    url = reverse("reports:mailing", args=[run.mailing_id])
    page = cast.client("owner").get(f"{url}{query}")
    assert page.status_code == 200
    return page


def test_the_four_terms_add_up_to_what_was_sent_and_not_bounced(cast: Cast, run: Run) -> None:
    found = report(cast, run).context["report"].reactions
    assert found.standing == 9
    assert [(term.state, term.count) for term in found.terms] == [
        ("opened", 2),
        ("machine", 1),
        ("unclear", 1),
        ("nothing", 5),
    ]
    assert (found.opened_rate, found.clicked_rate) == (22.2, 11.1)


def test_every_term_leads_to_its_people(cast: Cast, run: Run) -> None:
    assert people(cast, run, "reaction=opened") == ["person 0", "person 1"]
    assert people(cast, run, "reaction=clicked") == ["person 0"]
    assert people(cast, run, "reaction=unclear") == ["unclear 2"]
    assert people(cast, run, "reaction=machine") == ["machine 3"]
    assert people(cast, run, "reaction=nothing") == ["quiet"] * 4
    assert len(people(cast, run, "reaction=standing")) == 8
    assert len(people(cast, run, "reaction=whatever")) == 9


def test_the_funnel_goes_from_the_audience_to_the_clicks_of_persons(cast: Cast, run: Run) -> None:
    steps = report(cast, run).context["report"].funnel
    assert [(step.count, step.of_all, step.url.partition("?")[2]) for step in steps] == [
        (12, 100.0, ""),
        (10, 83.3, "state=accepted"),
        (9, 75.0, "reaction=standing"),
        (2, 16.7, "reaction=opened"),
        (1, 8.3, "reaction=clicked"),
    ]


def test_a_link_leads_to_those_who_followed_it(cast: Cast, run: Run) -> None:
    link = TrackedLinkFactory.create(run=run, persons=1, clicks=3)
    reader = run.deliveries.get(recipient__full_name="person 0")
    LinkEngagementFactory.create(link=link, delivery_id=reader.pk)
    other = TrackedLinkFactory.create(run=measured_run())
    LinkEngagementFactory.create(link=other, delivery_id=reader.pk)
    assert people(cast, run, f"link={link.pk}") == ["person 0"]
    assert people(cast, run, f"link={other.pk}") == []
    assert report(cast, run).context["report"].links[0].share == 100.0


def test_the_letter_shows_how_many_followed_each_link(cast: Cast, run: Run) -> None:
    TrackedLinkFactory.create(run=run, persons=1, clicks=3, label="First")
    second = TrackedLinkFactory.create(run=run, persons=0, clicks=0, label="Second")
    url = reverse("reports:click_map_frame", args=[run.mailing_id, run.number, 1])
    page = cast.client("owner").get(url).content.decode()
    shown = page[page.index('<div class="body">') : page.index("<details>")]
    assert shown.count("1 · 100.0\N{NO-BREAK SPACE}%") == 1
    assert "First: 3 clicks" in shown and "Second: 0 clicks" in shown
    assert f'?link={second.pk}" target="_top"' in shown
    assert "click-map.invalid" not in shown and "https://example.org" not in shown


def test_of_totals_the_letter_shows_clicks_and_no_people(cast: Cast, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(
        content={**run.content, "tracking": "totals"}, engaged_person=0, engaged_clicked=0
    )
    link = TrackedLinkFactory.create(run=run, clicks=3)
    url = reverse("reports:click_map_frame", args=[run.mailing_id, run.number, 1])
    page = cast.client("owner").get(url).content.decode()
    assert "3 · 100.0" in page and 'tabindex="0"' in page and f"link={link.pk}" not in page
    shown = report(cast, run)
    assert shown.context["report"].reactions is None
    assert "measures totals only" in shown.content.decode()


def test_a_run_that_was_not_measured_says_so(cast: Cast) -> None:
    run = RunFactory.create(mailing=MailingFactory.create(owner=cast.owner), sent=3)
    page = report(cast, run)
    assert "were not measured" in page.content.decode()
    assert page.context["line"].reactions is None
    for name, args in (("click_map_frame", [1]), ("engagement_export", ["csv"])):
        url = reverse(f"reports:{name}", args=[run.mailing_id, run.number, *args])
        assert cast.client("owner").get(url).status_code == 404
    rows = reverse("mailings:run", args=[run.mailing_id, run.number])
    assert "reaction" not in cast.client("owner").get(rows).context["filter_form"].fields


def test_times_are_those_of_persons(cast: Cast, run: Run) -> None:
    begin = timezone.localtime(run.started_at).replace(minute=0, second=0, microsecond=0)
    for hours, kind, term, count in (
        (0, "open", "person", 3),
        (0, "open", "machine", 50),
        (2, "open", "person", 1),
        (2, "click", "person", 2),
        (24 * 40, "open", "person", 1),
    ):
        hour = begin + timedelta(hours=hours)
        EngagementHourFactory.create(run=run, hour=hour, kind=kind, term=term, count=count)
    found = report(cast, run, "?by=hour").context
    assert [count for _label, count, _none in found["opens"]] == [3, 0, 1]
    assert [count for _label, count, _none in found["clicks"]] == [0, 0, 2]
    assert found["report"].best.hour == begin.hour
    sums = {str(label): counts for label, counts in found["report"].sums}
    assert sums["Openings"] == [5, 0, 50] and sums["Clicks"] == [2, 0, 0]
    assert sum(count for _l, count, _n in report(cast, run, "?by=day").context["opens"]) == 4


def test_everybody_who_opened_stands_in_one_row_of_the_devices(cast: Cast, run: Run) -> None:
    persons, clicked = run.engaged_person, run.engaged_clicked
    EngagementShareFactory.create(run=run, by="device", value="phone", opened=1, clicked=1)
    phone, unknown = report(cast, run).context["report"].devices
    assert (str(unknown.name), unknown.opened) == ("Not known", persons - 1)
    assert unknown.clicked == clicked - 1
    assert (phone.share, unknown.share) == (50, 50)


def test_shares_of_programs_and_domains(cast: Cast, run: Run) -> None:
    for number in range(12):
        EngagementShareFactory.create(run=run, value=f"Program {number}", opened=20 - number)
    EngagementShareFactory.create(run=run, by="device", value="phone", opened=3)
    EngagementShareFactory.create(run=run, by="domain", value="example.org", opened=2, clicked=1)
    found = report(cast, run).context
    clients = found["report"].clients
    assert [row.opened for row in clients[:2]] == [20, 19]
    assert (str(clients[-1].name), clients[-1].opened) == ("All others", 10 + 9)
    assert [str(row.name) for row in found["report"].devices] == ["Phone"]
    assert [(row.domain, row.opened, row.clicked) for row in found["domains"]] == [
        ("example.org", 2, 1)
    ]


def test_it_is_compared_with_the_measured_ones_before_it(cast: Cast, run: Run) -> None:
    last = measured_run(mailing=MailingFactory.create(owner=cast.owner), sent=10, engaged_person=5)
    found = report(cast, last).context
    assert found["line"].reactions.opened_rate == 50.0
    # The cast's own mailing before them was not measured.
    assert [line.reactions and line.reactions.opened_rate for line in found["compared"]] == [
        22.2,
        None,
    ]
    assert found["average_reactions"].opened_rate == 22.2


def test_an_earlier_run_can_be_asked_for(cast: Cast, run: Run) -> None:
    RunFactory.create(mailing=run.mailing, number=2, sent=1)
    assert report(cast, run).context["run"].number == 2
    assert report(cast, run, "?run=1").context["report"].reactions.person == 2
    assert report(cast, run, "?run=99").context["run"].number == 2


def test_the_figures_are_a_file_without_formulas(cast: Cast, run: Run) -> None:
    TrackedLinkFactory.create(run=run, persons=1, clicks=3, label="=cmd()")
    EngagementShareFactory.create(run=run, value="=1+1", opened=2)
    url = reverse("reports:engagement_export", args=[run.mailing_id, run.number, "csv"])
    answer: Any = cast.client("owner").get(url)
    header, *rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert header == (
        "Part,What,Address,Recipients,Opened (persons),Clicked,Openings,Clicks,"
        'Clicks of machines,"Share, %"'
    )
    assert "Reaction,nothing seen,,5,,,,,," in rows
    assert "Link,1. =cmd(),https://example.org/1,,,1,,3,0,100.0" in rows
    assert "Mail program,'=1+1,,,2,0,,,,100.0" in rows


def test_the_file_of_runs_has_the_reactions_of_measured_ones(cast: Cast, run: Run) -> None:
    RunFactory.create(mailing=run.mailing, number=2, sent=1)
    url = reverse("reports:mailing_export", args=[run.mailing_id, "csv"])
    answer: Any = cast.client("owner").get(url)
    header, first, second = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert header.split(",")[-5:] == [
        "Opened (persons)",
        "Machine only",
        "Cannot know",
        "Nothing seen",
        "Clicked",
    ]
    assert first.split(",")[-5:] == ["2", "1", "1", "5", "1"]
    assert second.split(",")[-5:] == [""] * 5

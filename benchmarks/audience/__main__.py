"""How long an audience takes: the figure of the form, the freeze, the claim.

    python -m benchmarks.audience [--count 1000000] [--database postgresql|sqlite]

Fills a database of its own (benchmarks/audience/data.py), then in one process: the figure that a
form shows at once and the exact one, with all reasons; the freeze of three audiences, with its
longest transaction; and what it costs to claim 500 places without rights, with rights and with a
frequency rule, in turns. The bars: 300 ms for the first figure, which lies within 2 % of the exact
one; a freeze of a million in 60 s (of 100 000 on SQLite in 10 s), no transaction longer than 1 s;
a claim at most 40 % dearer with rights, and at most 100 % with a frequency rule.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import replace
from typing import Any, Final

import django

from benchmarks.audience.data import fill, mailing_of, trees, world
from benchmarks.million import Longest
from benchmarks.segments import FIRST
from benchmarks.segments import ON_SQLITE as COUNT_ON_SQLITE
from benchmarks.segments import in_installation, times
from benchmarks.send import table

#: Seconds of a freeze, of its longest transaction; how much dearer a claim may be.
FREEZE, ON_SQLITE, LONGEST, RIGHTS, CAP = 60.0, 10.0, 1.0, 1.4, 2.0
#: Places of one claim, and how often each kind claims.
PLACES: Final = 500
CLAIMS: Final = 20


def measure(options: argparse.Namespace) -> None:
    """Inside the installation: prints one JSON line."""
    django.setup()
    fill(options.count)
    mailings = _mailings()
    figures = [_figure(name, mailing) for name, mailing in mailings.items()]
    freezes = [_freeze(name, mailing) for name, mailing in mailings.items()]
    print(json.dumps({"figures": figures, "freezes": freezes, "claims": _claims(options.count)}))


def _mailings() -> dict[str, Any]:
    """The audiences: everybody; two lists less a tag, a mailing and days; long conditions."""
    from apps.mailings.models import Segment

    found = world()
    everyone = mailing_of(found.owner, "Everyone", everyone=True)
    lists = mailing_of(
        found.owner, "Two lists", everyone=False, basis="subscription", exclude_mailed_days=4
    )
    lists.lists.set(found.lists[:2])
    lists.exclude_tags.set(found.tags[:1])
    lists.exclude_mailings.set(found.mailings[:1])
    _only_half(found.mailings[0])
    tree = trees(found)["twelve conditions"]
    long = mailing_of(found.owner, "Long", everyone=False)
    long.segments.add(Segment.objects.create(owner=found.owner, name="Long", tree=tree))
    return {
        "everyone": everyone,
        "two lists, less a tag, a mailing, 4 days": lists,
        "twelve conditions": long,
    }


def _only_half(mailing_id: int) -> None:
    """Half of the first mailing never left: who did not get it is not excluded by it."""
    from django.db.models import F, Q
    from django.db.models.functions import Mod

    from apps.mailings.models import Delivery, Run

    run = Run.objects.get(mailing_id=mailing_id)
    half = Delivery.objects.filter(run=run).alias(odd=Mod(F("position"), 2)).filter(Q(odd=1))
    count = half.update(state="cancelled", sent_at=None)
    Run.objects.filter(pk=run.pk).update(sent=run.audience - count, cancelled=count)


def _figure(name: str, mailing: Any) -> dict[str, Any]:
    from apps.mailings.services.reach import audience_of

    audience = audience_of(mailing)
    first = times(lambda: audience.estimate(["email"]))
    started = time.perf_counter()
    exact = audience.reach(["email"])
    seconds = time.perf_counter() - started
    about = audience.estimate(["email"])
    return {
        "name": name,
        "first": first,
        "exact": seconds,
        "reached": exact.reached,
        "about": about.reached,
        "left_out": exact.left_out.total(),
    }


def _freeze(name: str, mailing: Any) -> dict[str, Any]:
    from apps.delivery.engine.runs.launch import freeze_audience
    from apps.delivery.service import service
    from apps.mailings.models import Run

    run_id = service.launch(mailing_id=mailing.pk, trigger="command").run_id
    longest, started = Longest(), time.perf_counter()
    with longest:
        freeze_audience(run_id)
    seconds = time.perf_counter() - started
    run = Run.objects.get(pk=run_id)
    return {
        "name": name,
        "audience": run.audience,
        "left_out": run.suppressed,
        "seconds": seconds,
        "longest": longest.seconds,
    }


def _claims(count: int) -> dict[str, list[float]]:
    """Milliseconds of each claim, by its kind. All claim from runs that are frozen already."""
    places = min(PLACES, count // 400)
    from apps.mailings.ledger.permission.rights import Rights
    from apps.mailings.models import FrequencyGate, FrequencyRule, Run

    found = world()
    FrequencyGate.objects.create(owner=found.owner)
    FrequencyRule.objects.create(owner=found.owner, messages=2, days=30)
    runs = {run.mailing.name: run for run in Run.objects.select_related("mailing")}
    plain, rights = runs["Everyone"], runs["Two lists"]
    kinds = {
        "plain": (plain.pk, Rights.of(plain), False),
        "rights": (rights.pk, Rights.of(rights), False),
        "cap": (plain.pk, replace(Rights.of(plain), on_cap="wait"), True),
    }
    took: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(CLAIMS + 1):
        for name, (run_id, of, gated) in kinds.items():
            milliseconds = _claim(run_id, of, gated, places)
            if number:
                took[name].append(milliseconds)
    return took


def _claim(run_id: int, rights: Any, gated: bool, places: int) -> float:
    from django.db import transaction

    from apps.mailings.ledger import runs
    from apps.mailings.ledger.claim import Asked, claim
    from apps.mailings.ledger.permission import frequency

    started = time.perf_counter()
    with transaction.atomic():
        locked = runs.lock(run_id)
        assert locked is not None
        if gated:
            frequency.enter(locked)
        found = claim(locked, Asked(1, True, rights, gated), limit=places)
        runs.write_counts(locked)
    assert found.claimed or found.waiting or found.suppressed, "nobody is left to be claimed"
    return (time.perf_counter() - started) * 1000


def show(got: dict[str, Any], options: argparse.Namespace) -> bool:
    """The tables. Returns whether all bars are met."""
    return all(
        (_show_figures(got["figures"], options), _show_freezes(got, options), _show_claims(got))
    )


def _show_figures(figures: list[dict[str, Any]], options: argparse.Namespace) -> bool:
    rows, met = [["figure", "reached", "left out", "about", "first ms", "exact s", ""]], True
    bar = COUNT_ON_SQLITE if options.database == "sqlite" else FIRST
    for one in figures:
        near = abs(one["about"] - one["reached"]) <= 0.02 * max(one["reached"], 1)
        kept = one["first"][0] <= bar and near
        met = met and kept
        counts = (f"{one[name]:,}" for name in ("reached", "left_out", "about"))
        figures_ = (f"{one['first'][0]:.0f}", f"{one['exact']:.1f}")
        rows.append([one["name"], *counts, *figures_, "" if kept else "missed"])
    table(rows)
    return met


def _show_freezes(got: dict[str, Any], options: argparse.Namespace) -> bool:
    rows, met = [["freeze", "rows", "left out", "seconds", "longest", ""]], True
    bar = ON_SQLITE if options.database == "sqlite" else FREEZE
    for one in got["freezes"]:
        kept = one["seconds"] <= bar and one["longest"] <= LONGEST
        met = met and kept
        counts = (f"{one['audience']:,}", f"{one['left_out']:,}")
        took = (f"{one['seconds']:.1f}", f"{one['longest']:.2f}")
        rows.append([one["name"], *counts, *took, "" if kept else "missed"])
    table(rows)
    return met


def _show_claims(got: dict[str, Any]) -> bool:
    took = {name: statistics.median(times) for name, times in got["claims"].items()}
    rows, met = [[f"claim of {PLACES}", "ms", "to plain", ""]], True
    for name, bar in (("plain", 1.0), ("rights", RIGHTS), ("cap", CAP)):
        ratio = took[name] / took["plain"]
        met = met and ratio <= bar
        cells = [f"{took[name]:.1f}", f"{ratio:.2f}"]
        rows.append([name, *cells, "" if ratio <= bar else "missed"])
    table(rows)
    return met


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--part", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        measure(options)
        return
    printed = in_installation("benchmarks.audience", options)
    raise SystemExit(0 if show(json.loads(printed.splitlines()[-1]), options) else 1)


if __name__ == "__main__":
    main()

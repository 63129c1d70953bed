"""How long it takes to count who meets conditions: ``python -m benchmarks.segments``.

    python -m benchmarks.segments [--count 1000000] [--database postgresql|sqlite]
    python -m benchmarks.segments --explain "twelve conditions"
    python -m benchmarks.segments --indexed      with the index of all custom fields

Fills a database of its own, then asks as the pages do, in one process: first the figure that comes
at once, then the exact one. Says the median and the worst of five times, and whether the bars are
met: 300 ms for the first figure; 1 s for the exact one, 3 s for twelve conditions; on SQLite with
100 000 people 400 ms.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import django

from benchmarks.audience.data import fill, trees, world
from benchmarks.send import table
from tests.faults.installation import Installation

ROUNDS: Final = 5
#: Milliseconds: the first figure, the exact one, and that of the longest conditions.
FIRST, EXACT, LONG, ON_SQLITE = 300.0, 1000.0, 3000.0, 400.0


def measure(options: argparse.Namespace) -> None:
    """Inside the installation: prints one JSON line."""
    django.setup()
    from django.utils import timezone

    from apps.mailings.segments import count, estimate, ground_of
    from apps.mailings.services.segmentation.attribute_indexes import make_index

    fill(options.count)
    if options.indexed:
        make_index("")
    found = world()
    ground = ground_of(found.owner, timezone.now())
    if options.explain:
        _explain(trees(found)[options.explain], ground)
        return
    rows = []
    for name, tree in trees(found).items():
        first = times(lambda: estimate(tree, ground))
        exact = times(lambda: count(tree, ground))
        n, about = count(tree, ground).n, estimate(tree, ground).n
        rows.append({"name": name, "n": n, "about": about, "first": first, "exact": exact})
    print(json.dumps(rows))


def times(ask: Callable[[], object]) -> tuple[float, float]:
    """Median and worst of some times, in milliseconds, after one that warms up."""
    took = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        ask()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took[1:]), max(took[1:])


def _explain(tree: dict[str, Any], ground: Any) -> None:
    from django.db import connection

    from apps.mailings.segments import members

    rows = members(tree, ground).order_by().values("pk")
    sql, params = rows.query.sql_with_params()
    how = (
        "EXPLAIN (ANALYZE, BUFFERS)" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{how} {sql}", params)
        print("\n".join(str(row[-1]) for row in cursor.fetchall()))


def show(got: list[dict[str, Any]], options: argparse.Namespace) -> bool:
    """The table. Returns whether all bars are met."""
    rows = [["conditions", "people", "about", "first ms", "worst", "exact ms", "worst", ""]]
    met = True
    for one in got:
        long = "twelve" in one["name"]
        bar = ON_SQLITE if options.database == "sqlite" else LONG if long else EXACT
        kept = one["first"][0] <= max(FIRST, bar if options.database == "sqlite" else 0)
        kept = kept and one["exact"][0] <= bar
        met = met and kept
        figures = (*one["first"], *one["exact"])
        cells = [f"{one['n']:,}", f"{one['about']:,}", *(f"{figure:.0f}" for figure in figures)]
        rows.append([one["name"], *cells, "" if kept else "missed"])
    table(rows)
    return met


def in_installation(module: str, options: argparse.Namespace) -> str:
    """Run a benchmark's part in an installation of its own. Returns what it printed."""
    with tempfile.TemporaryDirectory() as directory:
        place = Installation(Path(directory) / "place", engine=options.database)
        try:
            place.start(port=9)
            args = ["--part", "--count", str(options.count)]
            args += ["--indexed"] if getattr(options, "indexed", False) else []
            args += ["--explain", options.explain] if getattr(options, "explain", "") else []
            done = place.run([sys.executable, "-m", module, *args])
            if done.returncode:
                raise SystemExit(done.stderr[-3000:])
            return done.stdout
        finally:
            place.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--indexed", action="store_true", help="index all custom fields")
    parser.add_argument("--explain", default="", metavar="NAME", help="show the plan of one")
    parser.add_argument("--part", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        measure(options)
        return
    printed = in_installation("benchmarks.segments", options)
    if options.explain:
        print(printed)
        return
    raise SystemExit(0 if show(json.loads(printed.splitlines()[-1]), options) else 1)


if __name__ == "__main__":
    main()

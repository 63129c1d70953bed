"""How well mail that came back is judged: ``python -m benchmarks.bounces MAILS TRUTH``.

MAILS is a folder of mails. TRUTH is a file of lines ``name<TAB>what``, where ``what`` is hard
(there is no such address), other (a bounce for another reason), complaint, delivered or none (no
report at all). Each mail is read as if it had come to the bounce address of one letter, as
``process_bounces`` reads it, and judged as the first letter to that address. ``--show`` names the
mails that are judged otherwise. Exit: 0 when the floors are kept.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path
from typing import Final

import django

from apps.feedback.tracking_event import TrackingEvent

#: What must hold: hard ones found, others taken as hard, bounces that are not seen as such.
HARD_FOUND: Final = 0.85
WRONGLY_HARD: Final = 0.01
LOST: Final = 0


def judged(raw: bytes) -> str:
    """What becomes of a letter whose own bounce address got this mail."""
    from apps.feedback.mail.reports import reports_of
    from apps.mailings.links import bounce_sender

    mark = f"Delivered-To: {bounce_sender(1)}\n".encode()
    if raw.startswith(b"From "):  # a mail out of an mbox
        raw = raw.partition(b"\n")[2]
    reports = [one for one in reports_of(mark + raw) if one.sealed == 1]
    found = {_one(report) for report in reports}
    order = ("hard", "complaint", "other", "delivered", "delayed")
    return next((what for what in order if what in found), "none")


def _one(report: TrackingEvent) -> str:
    from apps.feedback.rules import Kind, bounce_of, judge

    bounce = bounce_of(report.status, code=report.code, text=report.words)
    follows = judge(report.kind, bounce)
    if report.kind == Kind.BOUNCED:
        return "hard" if follows.suppress else "other"
    if not follows.state:
        return "delayed"
    return "complaint" if follows.suppress == "complained" else "delivered"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("mails", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--show", action="store_true", help="name what is judged otherwise")
    args = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from django.conf import settings

    settings.BOUNCE_ADDRESS = "bounces@example.org"
    rows = [
        line.split("\t")[:2] for line in args.truth.read_text(encoding="utf-8").splitlines() if line
    ]
    judged_mails = [
        (name, what.strip(), judged((args.mails / name).read_bytes())) for name, what in rows
    ]
    if args.show:
        for name, what, found in judged_mails:
            if what != found:
                print(f"{name}\t{what}\t{found}")
    raise SystemExit(
        0 if _summary(Counter((what, found) for _name, what, found in judged_mails)) else 1
    )


def _summary(table: Counter[tuple[str, str]]) -> bool:
    """Print the table and the floors. Are they kept?"""
    found = sorted({one for _what, one in table})
    print("\t".join(["", *found]))
    for what in sorted({one for one, _found in table}):
        print("\t".join([what, *(str(table[what, one]) for one in found)]))
    hard = sum(table["hard", one] for one in found)
    other = sum(table["other", one] for one in found)
    lost = sum(table[what, "none"] for what in ("hard", "other"))
    right, wrong = table["hard", "hard"], table["other", "hard"]
    print(f"hard found: {right} of {hard} ({right / max(hard, 1):.1%})")
    print(f"others taken as hard: {wrong} of {other} ({wrong / max(other, 1):.1%})")
    print(f"not seen as a bounce: {lost} of {hard + other}")
    kept = right >= HARD_FOUND * hard and wrong <= WRONGLY_HARD * other
    return kept and lost <= LOST


if __name__ == "__main__":
    main()

"""What one letter costs before it is handed over: from the claimed row to its bytes.

    python -m benchmarks.letters [--count 2000]

Needs no server and no database. The letters are those of ``benchmarks.send --features``, of 4 KB,
and two of them again with 40 KB of HTML more. Processor time, the best of some rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from datetime import UTC, datetime
from timeit import repeat
from typing import Any, Final

import django

_ROUNDS: Final = 7
_MORE: Final = "<p>A paragraph of a letter that has been growing for a while now.</p>" * 600


def compiled(subject: str, bodies: dict[str, Any], conditions: list[Any]) -> Any:
    """The letter as a run's worker holds it."""
    from apps.delivery.channels.email.compile import EmailContent, compile_email
    from apps.mailings.run_content import bodies_of

    made = bodies_of({**bodies, "conditions": conditions})
    content = EmailContent(
        subject=subject,
        text=made.text,
        html=made.html,
        from_email="news@example.org",
        from_name="News",
        reply_to="",
        list_id="list.example.org",
        message_id_domain="example.org",
        run_key="k1",
        envelope_sender="news@example.org",
    )
    return compile_email(content, _links, datetime.now(UTC))


def _links(delivery_id: int) -> tuple[str, str, str]:
    return f"https://example.org/u/{delivery_id}/", "", ""


def row_of(attributes: dict[str, Any]) -> Any:
    """A row as the ledger claims it."""
    from apps.mailings.ledger import claim

    values = dict.fromkeys(claim._COLUMNS, "")
    known: dict[str, Any] = {"id": 1, "recipient_id": 1, "tries": 0, "condition_bits": 1}
    known |= {"email": "anna@example.org", "address": "anna@example.org"}
    known |= {"full_name": "Анна Иванова", "attributes": json.dumps(attributes)}
    return claim._claim_row([known.get(name, value) for name, value in values.items()])


def microseconds(email: Any, row: Any, count: int) -> float:
    """For one letter."""
    from apps.mailings.ledger.claim import claimed_of

    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.process_time()
        for _number in range(count):
            email.fill(claimed_of(row))
        best = min(best, time.process_time() - began)
    return best / count * 1e6


def tokens(count: int) -> float:
    """Microseconds for both tokens of a letter: that of its links, and that of its page."""
    from apps.core.values.letter_seals import PLAIN, LetterSeals

    seals, plain = LetterSeals(b"benchmark"), bytes(PLAIN)
    return min(repeat(lambda: seals.tokens(plain), number=count, repeat=_ROUNDS)) / count * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=2_000)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from benchmarks.peers import contenders as letters

    conditions = json.loads(json.dumps(letters.CONDITIONS))
    conditions[0]["rules"][0]["id"] = 1
    city, bought = {"city": "Казань"}, {"city": "Казань", "orders": letters.ORDERS}
    for name in (
        "static",
        "full",
        "logic",
        "whole",
        "conditions",
        "logic, long",
        "conditions, long",
    ):
        kind, _, long = name.partition(", ")
        subject, text, html = letters.VARIANTS[kind]
        html = html.replace("</body>", f"{_MORE}</body>") if long else html
        bodies: dict[str, Any] = {"text": text, "html": html}
        if kind == "conditions":
            parts = letters.parts_of
            bodies = {"text": parts(text, "{}\n"), "html": parts(html, "<p>{}</p>")}
        email = compiled(subject, bodies, conditions)
        row = row_of(bought if kind == "conditions" else city)
        count = options.count // 10 if kind == "whole" else options.count
        print(f"{name:<18} {microseconds(email, row, count):8.1f} us")
    print(f"{'tokens of one':<18} {tokens(options.count):8.1f} us")


if __name__ == "__main__":
    main()

"""What a signature costs a letter: ``python -m benchmarks.dkim``.

The processor's time of this process, so that a busy machine says the same: the personal message of
``benchmarks.send``, made, and made and signed by each kind of key.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from apps.core.content.program import from_html, from_text
from apps.core.contracts import Claimed
from apps.delivery.channels.content import Content
from apps.delivery.channels.email.dkim import DkimKey, new_key, signed
from apps.delivery.channels.email.letters import compile_letter

_SENTENCE: Final = "Dear {{ full_name }}, this is what has happened since we wrote to you last. "
_ROUNDS: Final = 5


def seconds_of(count: int, sign: Callable[[bytes], bytes] | None) -> tuple[float, int]:
    """The best of some rounds for one letter, and its size."""
    compiled = compile_letter(
        Content(
            subject="News for {{ full_name }}",
            text=from_text(_SENTENCE * 20),
            html=from_html(f"<p>{_SENTENCE * 20}</p>"),
            links=lambda number: (f"https://mail.example.org/u/{number}/", "", ""),
            now=datetime.now(UTC),
            channel="email",
            mailing_id=1,
            run_key="k1",
            domain="example.org",
            from_email="news@example.org",
            sign=sign,
        )
    )
    claimed = Claimed(1, 1, "anna@example.org", 1, {"full_name": "Anna"})
    size = len(compiled.fill(claimed).body)
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.process_time()
        for _number in range(count):
            compiled.fill(claimed)
        best = min(best, time.process_time() - began)
    return best / count, size


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=500, help="letters in a round (500)")
    count = parser.parse_args().count
    keys = {kind: DkimKey("example.org", "s1", new_key(kind)[0]) for kind in ("ed25519", "rsa")}
    signers = {kind: partial(signed, keys=[key]) for kind, key in keys.items()}
    signers["ed25519 and rsa"] = partial(signed, keys=list(keys.values()))
    plain, size = seconds_of(count, None)
    print(f"a letter of {size} bytes: {plain * 1e6:.0f} µs")
    for name, sign in signers.items():
        seconds, _size = seconds_of(count, sign)
        print(f"{name:16} {seconds * 1e6:7.0f} µs, {(seconds - plain) * 1e6:.0f} of them to sign")


if __name__ == "__main__":
    main()

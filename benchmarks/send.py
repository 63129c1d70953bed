"""How fast a mailing goes out, everything recorded, beside what else a Python user can choose.

    python -m benchmarks.send [--count 20000] [--rounds 3] [--postfix DIR] [--skip-peers]
    python -m benchmarks.send --memory        peak memory and pace at 20 000 and 200 000
    python -m benchmarks.send --latency       16 connections to a server 10 ms away
    python -m benchmarks.send --features      what a feature costs per message
    python -m benchmarks.send --fallbacks     less pipelining, by setting and by the server's force

Needs PostgreSQL on 127.0.0.1:5432 (user postgres, trust), Postfix's smtp-sink and smtp-source
(Debian: ``apt-get install postfix``, or ``apt-get download postfix; dpkg -x postfix*.deb DIR`` and
``--postfix DIR``), and django-post-office (``poetry install --with benchmark``).
The contenders take turns, so that a slow minute of the machine hits all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.installation import Installation

SIZE = 4096


class Postfix:
    """Where smtp-sink and smtp-source are, installed or only unpacked."""

    def __init__(self, root: str | None) -> None:
        self._root = Path(root) if root else None

    def command(self, name: str) -> list[str]:
        if self._root is not None:
            return [str(self._root / "usr" / "sbin" / name)]
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
        if found is None:
            raise SystemExit(f"{name} not found. See the top of benchmarks/send.py.")
        return [found]

    def environment(self) -> dict[str, str]:
        if self._root is None:
            return dict(os.environ)
        return {**os.environ, "LD_LIBRARY_PATH": str(self._root / "usr" / "lib" / "postfix")}

    @contextmanager
    def sink(self) -> Iterator[int]:
        """smtp-sink on a free port of the loopback."""
        port = free_port()
        as_user = ["-u", "nobody"] if os.geteuid() == 0 else []
        command = [*self.command("smtp-sink"), *as_user, f"127.0.0.1:{port}", "500"]
        process = subprocess.Popen(command, env=self.environment(), stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait()

    def source(self, count: int, port: int) -> float:
        """Seconds smtp-source takes for ``count`` messages over 16 connections."""
        command = [*self.command("smtp-source"), "-d", "-s", "16", "-l", str(SIZE)]
        started = time.perf_counter()
        args = ["-m", str(count), "-f", "a@example.org", "-t", "b@example.org"]
        subprocess.run([*command, *args, f"127.0.0.1:{port}"], env=self.environment(), check=True)
        return time.perf_counter() - started


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Until somebody listens there: a whole site takes longer than a sink to start."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit(f"nobody listens on port {port}")


def contend(place: Installation, name: str, count: int, port: int) -> dict[str, Any]:
    """One contender, one round, in a process of its own."""
    args = [sys.executable, "-m", "benchmarks.peers.contenders", name, str(count), str(port)]
    done = place.run(args)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    result["rate"] = count / result["seconds"]
    return result


def table(rows: list[list[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def race(place: Installation, postfix: Postfix, port: int, options: argparse.Namespace) -> None:
    """All contenders in turn, ``rounds`` times; medians and ratios."""
    ours = ("50-full", "200-full", "500-full", "50-all", "500-all", "500-blocks")
    names = [f"ours-{kind}" for kind in ours]
    peers = [] if options.skip_peers else ["django", "post_office"]
    rates: dict[str, list[float]] = {name: [] for name in [*names, *peers, "smtp-source"]}
    for number in range(options.rounds):
        for name in [*names, *peers]:
            rates[name].append(contend(place, name, options.count, port)["rate"])
            print(f"round {number + 1}  {name:<14} {rates[name][-1]:>9.0f}/s", flush=True)
        rates["smtp-source"].append(options.count / postfix.source(options.count, port))
        print(f"round {number + 1}  {'smtp-source':<14} {rates['smtp-source'][-1]:>9.0f}/s")
    median = {name: statistics.median(values) for name, values in rates.items() if values}
    rows = [["sender", "msgs/s", "x post_office", "x django loop", "x smtp-source"]]
    for name, rate in median.items():
        against = [median.get(other) for other in ("post_office", "django", "smtp-source")]
        rows.append([name, f"{rate:.0f}", *[f"{rate / x:.2f}" if x else "-" for x in against]])
    table(rows)


def memory(place: Installation, port: int) -> None:
    """Peak memory and pace do not depend on the audience's size."""
    rows = [["audience", "msgs/s", "peak MB", "last tenth / first tenth"]]
    for count in (20_000, 200_000):
        place.run([sys.executable, "-m", "benchmarks.seed", str(count)])
        got = contend(place, "ours-200-full", count, port)
        cells = [f"{got['rate']:.0f}", f"{got['rss_mb']:.0f}", f"{got['ends']:.2f}"]
        rows.append([str(count), *cells])
    table(rows)


def latency(place: Installation, count: int) -> None:
    """A server 10 ms away: every reply comes 10 ms after its command."""
    rows = [["sender", "msgs/s", "x lockstep"]]
    port = place.open_sink("--latency", "0.01")
    place.point_to(port)
    base = contend(place, "lockstep", count, port)["rate"]
    rows.append(["smtplib, 16 threads, no database", f"{base:.0f}", "1.00"])
    for window in (200, 500):
        rate = contend(place, f"ours-{window}-full", count, port)["rate"]
        rows.append([f"ours, 16 connections, W={window}", f"{rate:.0f}", f"{rate / base:.2f}"])
    table(rows)


def features(place: Installation, port: int, options: argparse.Namespace) -> None:
    """What each feature costs per message: all behind full are to be compared with it.

    ``logic`` is one fragment of Liquid, ``whole`` a source that is rendered as a whole; of
    ``conditions`` three, with two fallbacks and a repeat of five. ``tracked`` links are to be
    compared with as many ``plain`` ones. The processor's time of the sending process says more than
    the rate while others use the machine.
    """
    names = (
        *("static", "links", "full", "logic", "whole", "conditions", "limits", "windows", "all"),
        *("10_plain", "10_tracked", "40_plain", "40_tracked"),
    )
    rates: dict[str, list[float]] = {name: [] for name in names}
    efforts: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for variant in names:
            got = contend(place, f"ours-500-{variant}", options.count, port)
            rates[variant].append(got["rate"])
            efforts[variant].append(got["effort"] / options.count * 1e6)
    plain = statistics.median(rates["static"])
    rows = [["message", "msgs/s", "us per message more than plain", "us of processor in all"]]
    for variant in names:
        rate = statistics.median(rates[variant])
        more = f"{(1 / rate - 1 / plain) * 1e6:.1f}"
        rows.append([variant, f"{rate:.0f}", more, f"{statistics.median(efforts[variant]):.1f}"])
    table(rows)


def fallbacks(place: Installation, port: int, options: argparse.Namespace) -> None:
    """What it costs when less is written at once: as set, and found out from the server."""
    servers = {"smtp-sink": port, "bears all": place.open_sink()}
    servers |= {f"bears {less}": place.open_sink("--bears", less) for less in ("envelope", "off")}
    tries = [("smtp-sink", "full"), ("smtp-sink", "envelope"), ("smtp-sink", "off")]
    tries += [(name, "full") for name in servers if name != "smtp-sink"]
    rates: dict[tuple[str, str], list[float]] = {one: [] for one in tries}
    learned = {}
    for _ in range(options.rounds):
        for server, variant in tries:
            place.point_to(servers[server])
            got = contend(place, f"ours-500-{variant}", options.count, servers[server])
            rates[server, variant].append(got["rate"])
            learned[server, variant] = got["learned"]
    rows = [["server", "setting", "learned", "msgs/s"]]
    for (server, variant), values in rates.items():
        setting = "auto" if variant == "full" else variant
        known = learned[server, variant] if variant == "full" else "-"
        rows.append([server, setting, known, f"{statistics.median(values):.0f}"])
    table(rows)


def measure(place: Installation, postfix: Postfix, port: int, options: argparse.Namespace) -> None:
    """What was asked for; without an option the race."""
    if options.memory:
        memory(place, port)
    elif options.latency:
        latency(place, options.count)
    elif options.fallbacks:
        fallbacks(place, port, options)
    elif options.features:
        features(place, port, options)
    else:
        race(place, postfix, port, options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postfix", help="where the postfix package was unpacked")
    parser.add_argument("--connections", default="8", help="K of ours (--latency: 16)")
    parser.add_argument("--skip-peers", action="store_true")
    what = parser.add_mutually_exclusive_group()
    for name in ("memory", "latency", "features", "fallbacks"):
        what.add_argument(f"--{name}", action="store_true")
    options = parser.parse_args()
    postfix = Postfix(options.postfix)
    if options.latency:
        options.connections = "16"
    extra = "" if options.skip_peers else 'INSTALLED_APPS += ["post_office"]\n'
    extra += (
        "POST_OFFICE = {'BACKENDS': {'default': 'django.core.mail.backends.smtp.EmailBackend'}}\n"
    )
    with tempfile.TemporaryDirectory() as directory, postfix.sink() as port:
        extra += f"EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS = '127.0.0.1', {port}, False\n"
        place = Installation(
            Path(directory),
            engine="postgresql",
            extra=extra,
            ACCOUNTS__SINK__MAX_CONNECTIONS=options.connections,
        )
        try:
            place.start(port=port)
            place.run([sys.executable, "-m", "benchmarks.seed", str(options.count)])
            measure(place, postfix, port, options)
        finally:
            place.close()


if __name__ == "__main__":
    main()

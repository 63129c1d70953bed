"""How fast pictures are given out and taken in: ``python -m benchmarks.media``.

    python -m benchmarks.media [--count 3000] [--rounds 3] [--connections 8]

The site is the real one (``manage.py serve``) over SQLite, the caller another process on the same
machine, with so many connections that stay open. Small pictures come from memory, large ones from
the disk. Then what a picture costs until it is made anew, with the most memory that any of those
processes took, and how long another visitor waits while pictures of 40 megapixels come in.
"""

from __future__ import annotations

import argparse
import http.client
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import django
from PIL import Image

from benchmarks.send import free_port, table
from config.environment import BASE_DIR
from tests.faults.installation import Installation

#: Width and height of pictures that weigh about so many kilobytes.
WEIGHTS: Final = {"60 kB": (500, 260), "1 MB": (2_000, 1_100)}
#: Width and height of what comes in.
MEGAPIXELS: Final = {"1 MP": (1_200, 900), "12 MP": (4_000, 3_000), "40 MP": (7_900, 5_000)}


def noise(size: tuple[int, int], quality: int = 82) -> bytes:
    """A picture that no encoder makes much smaller."""
    made = BytesIO()
    channels = [Image.effect_noise(size, spread) for spread in (60, 70, 80)]
    Image.merge("RGB", channels).save(made, "JPEG", quality=quality)
    return made.getvalue()


def seed() -> None:
    """Pictures inside the installation: prints the paths of their files by weight."""
    django.setup()
    from apps.mailings.services.media.renditions import path
    from apps.mailings.services.media.uploads import take
    from apps.users.models import User

    owner = User.objects.create_user("owner@example.org")
    found = {}
    for name, size in WEIGHTS.items():
        media = take(owner=owner, content=noise(size), name=name)
        found[name] = [path(media, media.width), media.size]
    print(json.dumps(found))


def incoming() -> None:
    """Inside the installation: prints the milliseconds that each picture takes, and the memory."""
    django.setup()
    from apps.mailings.media.decoding import decoded

    found = {}
    for name, size in MEGAPIXELS.items():
        content = noise(size, 40)
        started = time.perf_counter()
        decoded(content, [0, 320])
        took = (time.perf_counter() - started) * 1000
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        found[name] = [len(content), took, peak]
    print(json.dumps(found))


def read_all(port: int, path: str, count: int, connections: int) -> float:
    """Read the file so often. Returns how many a second."""
    started = time.perf_counter()
    with ThreadPoolExecutor(connections) as hands:
        for _done in hands.map(
            lambda _: _read(port, path, count // connections), range(connections)
        ):
            pass
    return count // connections * connections / (time.perf_counter() - started)


def _read(port: int, path: str, count: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        for _ in range(count):
            line.request("GET", path)
            answer = line.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path} answers {answer.status}")


def times_of(port: int, path: str, until: Future[None]) -> list[float]:
    """The milliseconds of one visitor's requests, one after another, until something is done."""
    times = []
    while not until.done():
        started = time.perf_counter()
        _read(port, path, 1)
        times.append((time.perf_counter() - started) * 1000)
        time.sleep(0.01)
    return times


@contextmanager
def site(place: Installation) -> Iterator[int]:
    """``manage.py serve``; gives its port."""
    port = free_port()
    command = [sys.executable, str(BASE_DIR / "manage.py"), "serve", "--port", str(port)]
    served = place.spawn(command, stdout=subprocess.PIPE)
    assert served.stdout is not None
    if not served.stdout.readline().startswith("Serving"):
        raise SystemExit("the site did not start")
    try:
        yield port
    finally:
        served.terminate()
        served.wait()


def inside(place: Installation, part: str) -> Any:
    """What a part of this program prints inside the installation."""
    done = place.run([sys.executable, "-m", "benchmarks.media", "--inside", part])
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


def measure(place: Installation, options: argparse.Namespace) -> None:
    """The tables."""
    files = inside(place, "seed")
    rows = [["file", "bytes", "files/s", "MB/s"]]
    with site(place) as port:
        for weight, (path, size) in files.items():
            got = [
                read_all(port, path, options.count, options.connections)
                for _ in range(options.rounds)
            ]
            rate = statistics.median(got)
            rows.append([weight, str(size), f"{rate:.0f}", f"{rate * size / 1e6:.0f}"])
        table(rows)
        _busy(place, port, files["60 kB"][0])


def _busy(place: Installation, port: int, path: str) -> None:
    """What is taken in, and what another page takes meanwhile."""
    with ThreadPoolExecutor(2) as hands:
        quiet = times_of(port, path, hands.submit(time.sleep, 3))
        work = hands.submit(inside, place, "incoming")
        busy = times_of(port, path, work)
        found = work.result()
    rows = [["picture", "bytes", "ms", "MB at most, so far"]]
    for name, (size, took, peak) in found.items():
        rows.append([name, str(size), f"{took:.0f}", f"{peak:.0f}"])
    table(rows)
    rows = [["another picture is read", "median ms", "at most ms"]]
    for name, times in (("in a quiet minute", quiet), ("while these come in", busy)):
        rows.append([name, f"{statistics.median(times):.1f}", f"{max(times):.0f}"])
    table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--inside", choices=["seed", "incoming"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        (seed if options.inside == "seed" else incoming)()
        return
    with tempfile.TemporaryDirectory() as directory:
        place = Installation(Path(directory), engine="sqlite")
        try:
            place.start()
            measure(place, options)
        finally:
            place.close()


if __name__ == "__main__":
    main()

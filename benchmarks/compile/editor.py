"""What an act in the editor costs: ``python -m benchmarks.compile.editor [--rounds 60]``.

A letter of 150 parts (that of ``benchmarks.compile``) is worked on through the real views: a text
is typed on the canvas, a block added, moved and deleted, a section moved, all of it undone and
redone. Prints milliseconds of the server (the median, and what nine of ten stay below), the median
of its processor time, queries, and bytes that the page gets. Makes a database of its own;
PostgreSQL with ``--ds tests.settings_postgresql``. Exit: 0 when every median is in the budget.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import django

#: Milliseconds, the median of an act.
BUDGET: Final = 60.0


@dataclass
class Act:
    """One kind of act, and what its rounds have cost."""

    name: str
    make: Callable[[int], tuple[str, dict[str, str]]]
    spent: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)
    queries: int = 0
    size: int = 0

    @property
    def median(self) -> float:
        return sorted(self.spent)[len(self.spent) // 2] * 1000

    def row(self) -> list[str]:
        slow = sorted(self.spent)[len(self.spent) * 9 // 10] * 1000
        processor = sorted(self.used)[len(self.used) // 2] * 1000
        times = [f"{one:.1f}" for one in (self.median, slow, processor)]
        return [self.name, *times, str(self.queries), str(self.size)]


class Editor:
    """The owner of a letter at its page."""

    def __init__(self) -> None:
        from django.test import Client

        from apps.core.content.blocks.document import dump
        from apps.mailings.services.letters.beginning import begin_letter
        from benchmarks.compile.__main__ import made
        from tests.factories import UserFactory, confirmed

        owner = confirmed(UserFactory.create(email="editor@example.org"))
        self.message = begin_letter(author=owner, document=dump(made()), subject="News")
        self.client = Client(headers={"HX-Request": "true"})
        self.client.force_login(owner)

    def ids(self, kind: str) -> list[str]:
        from apps.core.content.blocks.editing import places

        document = self._draft().document
        return [one.node["id"] for one in places.each(document) if places.kind_of(one.node) == kind]

    def _draft(self) -> Any:
        from apps.mailings.services.letters.draft_operations import draft_for

        return draft_for(self.message, self.message.owner)

    def do(self, act: Act, number: int) -> None:
        """One round of an act, through the view that the page asks."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        name, data = act.make(number)
        draft = self._draft()
        data |= {"sequence": str(draft.sequence), "base_revision": str(draft.base_revision)}
        url = f"/messages/{self.message.pk}/{name}/"
        if number == 0:
            with CaptureQueriesContext(connection) as queries:
                answer = self.client.post(url, data)
            act.queries = len(queries)
        else:
            begin, used = time.perf_counter(), time.process_time()
            answer = self.client.post(url, data)
            act.spent.append(time.perf_counter() - begin)
            act.used.append(time.process_time() - used)
        assert answer.status_code == 200, answer.content
        act.size = max(act.size, len(answer.content))

    def operation(self, make: Callable[[int], dict[str, Any]]) -> Any:
        return lambda number: ("operations", {"act": json.dumps(make(number))})


def acts_of(editor: Editor) -> list[Act]:
    """What people do most, on the letter as it is at that moment."""
    texts, headings = editor.ids("text"), editor.ids("heading")
    columns, sections = editor.ids("column"), editor.ids("section")

    def typed(number: int) -> dict[str, Any]:
        return {"op": "set", "id": texts[3], "field": "html", "value": f"<p>Typed {number}</p>"}

    def moved(number: int) -> dict[str, Any]:
        return {"op": "move", "id": headings[2], "parent": columns[4 + number % 2], "at": 1}

    def turned(number: int) -> dict[str, Any]:
        return {"op": "move", "id": sections[0], "parent": "", "at": 1 + number % 2}

    def added(number: int) -> dict[str, Any]:
        return {"op": "insert", "type": "button", "parent": columns[1], "at": 2}

    def removed(number: int) -> dict[str, Any]:
        return {"op": "remove", "id": editor.ids("button")[0]}

    return [
        Act("type a text", editor.operation(typed)),
        Act("move a block", editor.operation(moved)),
        Act("move a section", editor.operation(turned)),
        Act("add a block", editor.operation(added)),
        Act("delete a block", editor.operation(removed)),
        Act("undo", lambda number: ("undo", {})),
        Act("redo", lambda number: ("redo", {})),
    ]


def measure(rounds: int) -> int:
    from benchmarks.send import table

    editor = Editor()
    acts = acts_of(editor)
    for act in acts:
        for number in range(rounds + 1):
            editor.do(act, number)
    head = ["act", "median, ms", "9 of 10, ms", "processor, ms", "queries", "bytes"]
    table([head, *(one.row() for one in acts)])
    slowest = max(act.median for act in acts)
    print(f"budget: {BUDGET} ms, the slowest median {slowest:.1f} ms")
    return int(slowest > BUDGET)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.compile.editor")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--ds", default="tests.settings")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = options.ds
    django.setup()
    import logging

    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    logging.disable(logging.INFO)
    old = setup_databases(verbosity=0, interactive=False)
    try:
        code = measure(options.rounds)
    finally:
        connection.close()
        teardown_databases(old, verbosity=0)
    sys.exit(code)


if __name__ == "__main__":
    main()

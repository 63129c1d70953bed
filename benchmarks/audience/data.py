"""People with a history, for the benchmarks of segments and audiences: inside an installation.

Each has 20 custom fields, a tag or two, subscriptions to three lists; five mailings went to all of
them, a quarter opened each. Everything follows from a person's number, so that PostgreSQL and
SQLite have the same people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

OWNER: Final = "owner@example.org"
RUNS: Final = 5
CITIES: Final = (
    "Moscow Petersburg Kazan Samara Omsk Perm Ufa Sochi Tomsk Tula"
    " Kursk Pskov Orel Chita Penza Tver Anapa Vologda Ryazan Kirov"
).split()
#: Custom fields by kind; six more are texts that nobody asks for.
KINDS: Final = {
    "city": "choice",
    "plan": "choice",
    "district": "text",
    "gender": "choice",
    "age": "number",
    "spent": "number",
    "orders": "number",
    "bonus": "number",
    "last_order": "date",
    "birthday": "date",
    "joined": "date",
    "vip": "bool",
    "app": "bool",
    "company": "text",
    **{f"extra_{n}": "text" for n in range(6)},
}


@dataclass(frozen=True, slots=True)
class World:
    """What conditions and audiences name: ids of lists, tags and mailings."""

    owner: Any
    lists: tuple[int, ...]
    tags: tuple[int, ...]
    mailings: tuple[int, ...]


def fill(count: int) -> World:
    """So many people. Takes a minute or two for a million."""
    from django.db import connection

    world = _frame(count)
    with connection.cursor() as cursor:
        for sql in _statements(world, count):
            cursor.execute(sql)
    _settle()
    return world


def world() -> World:
    """The one that was filled."""
    from apps.mailings.models import Mailing, MailingList, Tag
    from apps.users.models import User

    owner = User.objects.get(email=OWNER)

    def ids(model: Any) -> tuple[int, ...]:
        return tuple(model.objects.filter(owner=owner).order_by("pk").values_list("pk", flat=True))

    return World(owner, ids(MailingList), ids(Tag), ids(Mailing)[:RUNS])


def _frame(count: int) -> World:
    """Owner, lists, tags, definitions and mailings: a few rows, by the models."""
    from apps.mailings.models import AttributeDefinition, Consent, MailingList, Tag
    from apps.users.models import User

    owner = User.objects.create_user(OWNER)
    for title in ("News", "Offers", "Few"):
        MailingList.objects.create(owner=owner, title=title, slug=title.lower())
    for name in ("vip", "shop", "web"):
        Tag.objects.create(owner=owner, name=name)
    AttributeDefinition.objects.bulk_create(
        AttributeDefinition(owner=owner, name=name, kind=kind) for name, kind in KINDS.items()
    )
    now = _now()
    Consent.objects.create(owner=owner, act="stated", source="manual", said_at=now, statement="so")
    for number in range(RUNS):
        mailing_of(owner, f"Earlier {number}", everyone=True)
    for number, pk in enumerate(world().mailings):
        _run(pk, count, now - timedelta(days=25 * (RUNS - number) - 20))
    return world()


def mailing_of(owner: Any, name: str, **fields: Any) -> Any:
    """A mailing of the owner's."""
    from apps.mailings.models import Mailing, Message

    message = Message.objects.create(owner=owner, subject="News", text="text", html="<p>text</p>")
    now = _now()
    return Mailing.objects.create(
        owner=owner,
        name=name,
        message=message,
        account="sink",
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=300),
        **fields,
    )


def _run(mailing_id: int, count: int, at: Any) -> None:
    from apps.mailings.models import Run

    Run.objects.create(
        mailing_id=mailing_id,
        number=1,
        trigger="manual",
        channel="email",
        account="sink",
        state="done",
        outcome="success",
        audience=count,
        sent=count,
        frozen_at=at,
        finished_at=at,
    )


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


class _Sql:
    """What the two databases write differently."""

    def __init__(self) -> None:
        from django.db import connection

        self.postgresql = connection.vendor == "postgresql"

    def numbers(self, count: int) -> str:
        if self.postgresql:
            return f"generate_series(CAST(1 AS bigint), {count}) AS s(n)"
        series = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n <"
        return f"({series} {count}) SELECT n FROM s) AS s"

    @property
    def now(self) -> str:
        return "now()" if self.postgresql else "datetime('now')"

    def ago(self, days: str) -> str:
        """So many days before now: ``days`` is an SQL term."""
        if self.postgresql:
            return f"now() - ({days}) * interval '1 day'"
        return f"datetime('now', '-' || ({days}) || ' days')"

    def day(self, first: str, days: str) -> str:
        """So many days after the first, as a text."""
        if self.postgresql:
            return f"to_char(date '{first}' + CAST({days} AS int), 'YYYY-MM-DD')"
        return f"date('{first}', '+' || ({days}) || ' days')"

    def object(self, values: dict[str, str]) -> str:
        name = "jsonb_build_object" if self.postgresql else "json_object"
        return f"{name}({', '.join(f'{chr(39)}{key}{chr(39)}, {v}' for key, v in values.items())})"

    def flag(self, test: str) -> str:
        if self.postgresql:
            return f"({test})"
        return f"json(CASE WHEN {test} THEN 'true' ELSE 'false' END)"

    def one_of(self, values: list[str], number: str) -> str:
        cases = " ".join(f"WHEN {at} THEN '{value}'" for at, value in enumerate(values))
        return f"CASE {number} % {len(values)} {cases} END"


def _attributes(sql: _Sql) -> str:
    """The 20 values of the person ``n``."""
    values = {
        "city": sql.one_of(CITIES, "(n * 7)"),
        "plan": sql.one_of(["free", "base", "plus", "pro"], "(n / 3)"),
        "district": "'d' || (n * 31 % 400)",
        "gender": sql.one_of(["f", "m"], "n"),
        "age": "18 + n * 13 % 60",
        "spent": "n * 7919 % 100000",
        "orders": "n * 17 % 40",
        "bonus": "n * 101 % 5000",
        "last_order": sql.day("2025-12-01", "n * 37 % 700"),
        "birthday": sql.day("1950-01-01", "n * 193 % 20000"),
        "joined": sql.day("2015-01-01", "n * 11 % 4000"),
        "vip": sql.flag("n % 20 = 0"),
        "app": sql.flag("n % 3 = 0"),
        "company": "'Company ' || (n % 5000)",
    }
    values |= {f"extra_{one}": f"'value ' || (n * {one + 3} % 100000)" for one in range(6)}
    return sql.object(values)


def _statements(world: World, count: int) -> list[str]:
    sql = _Sql()
    owner, now = world.owner.pk, sql.now
    people, among = "mailings_recipient c", f"c.owner_id = {owner}"
    # Recipients are numbered from the first on; ``n`` is that number for all that follows.
    n = f"(c.id - (SELECT min(id) - 1 FROM mailings_recipient WHERE owner_id = {owner}))"
    lists = (("n % 100 < 68", 0), ("n % 7 < 3", 1), ("n % 50 = 7", 2))
    done = [
        "INSERT INTO mailings_recipient (created_at, updated_at, owner_id, email, full_name,"
        " comment, operator_code, time_zone, attributes, language, source)"
        f" SELECT {sql.ago('n % 900')}, {now}, {owner}, 'person' || n || '@' ||"
        f" {sql.one_of(['example.org', 'example.com', 'mail.example', 'corp.example'], 'n')},"
        f" 'Анна Иванова ' || n, '', '', 'Europe/Moscow', {_attributes(sql)}, '', ''"
        f" FROM {sql.numbers(count)}"
    ]
    for which, at in lists:
        status = "CASE WHEN {n} % 10 = 0 THEN 'unsubscribed' WHEN {n} % 37 = 0 THEN"
        status = (status + " 'unconfirmed' ELSE 'subscribed' END").format(n=n)
        ended = f"CASE WHEN {n} % 10 = 0 THEN {now} END"
        done.append(
            "INSERT INTO mailings_subscription (created_at, updated_at, status, since, ended_at,"
            ' "by", consent_id, list_id, recipient_id)'
            f" SELECT {now}, {now}, {status}, {now}, {ended}, 'manual',"
            f" (SELECT min(id) FROM mailings_consent), {world.lists[at]}, c.id"
            f" FROM {people} WHERE {among} AND {which.replace('n ', n + ' ')}"
        )
    for at, test in enumerate((f"{n} % 17 = 0", f"{n} % 3 = 0", f"{n} % 5 < 2")):
        done.append(
            "INSERT INTO mailings_recipienttag (recipient_id, tag_id)"
            f" SELECT c.id, {world.tags[at]} FROM {people} WHERE {among} AND {test}"
        )
    done.append(
        "INSERT INTO mailings_suppression (created_at, updated_at, owner_id, channel, address,"
        f" reason) SELECT {now}, {now}, {owner}, 'email', c.email, 'bounced'"
        f" FROM {people} WHERE {among} AND {n} % 40 = 0"
    )
    return [*done, *_history(world, sql, n)]


def _history(world: World, sql: _Sql, n: str) -> list[str]:
    """What was sent, opened and clicked, and the roll-up of it."""
    among = f"c.owner_id = {world.owner.pk}"
    done = []
    for number, mailing in enumerate(world.mailings):
        at = f"SELECT r.finished_at FROM mailings_run r WHERE r.mailing_id = {mailing}"
        run = f"(SELECT r.id FROM mailings_run r WHERE r.mailing_id = {mailing})"
        done.append(
            "INSERT INTO mailings_delivery (run_id, recipient_id, position, channel, address,"
            " state, tries, crashes, code, response, changed_at, sent_at)"
            f" SELECT {run}, c.id, {n}, 'email', c.email, 'sent', 1, 0, 250, '250 Ok', ({at}),"
            f" ({at}) FROM mailings_recipient c WHERE {among}"
        )
        clicked = f"CASE WHEN {n} % 16 = {number} THEN ({at}) END"
        done.append(
            "INSERT INTO mailings_engagement (run_id, recipient_id, opened_at, clicked_at)"
            f" SELECT {run}, c.id, ({at}), {clicked} FROM mailings_recipient c"
            f" WHERE {among} AND {n} % 4 = {number % 4}"
        )
    opened = f"CASE WHEN {n} % 4 < 3 THEN {sql.ago(f'{n} % 200')} END"
    clicked = f"CASE WHEN {n} % 4 = 1 THEN {sql.ago(f'{n} % 300')} END"
    done.append(
        "INSERT INTO mailings_activity (recipient_id, last_sent_at, last_opened_at,"
        f" last_clicked_at, unanswered) SELECT c.id, {sql.ago('5')}, {opened}, {clicked}, {n} % 6"
        f" FROM mailings_recipient c WHERE {among}"
    )
    return done


def _settle() -> None:
    """What autovacuum would do within an hour."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("ANALYZE")


Node = dict[str, Any]


def trees(world: World) -> dict[str, Node]:
    """The conditions that are measured, by what they say."""
    roots = {**_short(world), "twelve conditions": _twelve(world)}
    return {name: {"version": 1, "root": root} for name, root in roots.items()}


def _attribute(name: str, op: str, value: Any) -> Node:
    return {"field": "attribute", "name": name, "op": op, "value": value}


def _on(op: str, list_id: int) -> Node:
    return {"field": "list", "op": op, "value": [list_id]}


def _tag(tag_id: int) -> Node:
    return {"field": "tag", "op": "any_of", "value": [tag_id]}


def _did(op: str, **more: Any) -> Node:
    return {"field": "did", "op": op, **more}


def _without(node: Node, other: Node) -> Node:
    return {"all": [node, {"not": other}]}


def _short(world: World) -> dict[str, Node]:
    kazan, second = _attribute("city", "is", "Kazan"), [world.mailings[1]]
    return {
        "a list of 2 %": _on("subscribed", world.lists[2]),
        "district, 0.25 %": _attribute("district", "is", "d31"),
        "city and plan": {"all": [kazan, _attribute("plan", "is", "pro")]},
        "spent at least, 18 %": _attribute("spent", "at_least", 82_000),
        "birthday in 3 days": _attribute("birthday", "anniversary", 3),
        "domain": {"field": "domain", "op": "is", "value": "corp.example"},
        "tag and not tag": _without(_tag(world.tags[1]), _tag(world.tags[2])),
        "list of 68 % and city": {"all": [_on("subscribed", world.lists[0]), kazan]},
        "clicked in 30 days": _did("clicked", days=30),
        "got in 90 days, opened nothing": _without(_did("got", days=90), _did("opened", days=90)),
        "got a mailing, did not open it": _without(
            _did("got", mailings=second), _did("opened", mailings=second)
        ),
    }


def _twelve(world: World) -> Node:
    cities = _attribute("city", "in", ["Samara", "Omsk", "Tula"])
    return {
        "all": [
            _on("subscribed", world.lists[0]),
            {"not": _tag(world.tags[0])},
            _attribute("age", "between", [25, 60]),
            _attribute("orders", "at_least", 5),
            {"any": [_attribute("city", "is", "Kazan"), cities, _tag(world.tags[1])]},
            {"not": _attribute("plan", "is", "free")},
            _did("got", days=90),
            {"not": _did("clicked", mailings=[world.mailings[0]])},
            {"any": [_did("opened", days=120), _attribute("bonus", "at_least", 4500)]},
        ]
    }

"""One contender, one round: ``python -m benchmarks.peers.contenders NAME COUNT PORT``.

Prints one JSON line: seconds of sending (with everything recorded), and what else it measured.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from datetime import time as clock
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django

SUBJECT = "Новости для {{ full_name }}"
LINE = "Строка письма, which is half Russian and half English, as many are here. "
TEXT = (
    "Здравствуйте, {{ full_name }}!\n\n"
    + (LINE + "\n") * 8
    + "\nОтписаться: {{ unsubscribe_url }}\n"
)
HTML = (
    "<html><body><h1>Здравствуйте, {{ full_name }}!</h1>"
    + "<p style='margin:0 0 16px;font-family:sans-serif'>A paragraph of a newsletter.</p>" * 16
    + "<p><a href='{{ unsubscribe_url }}'>Отписаться</a></p></body></html>"
)
#: What each variant of ours sends: the price of a feature is the difference to the plain one.
VARIANTS: dict[str, tuple[str, str, str]] = {
    "full": (SUBJECT, TEXT, HTML),
    "static": (
        "Новости",
        TEXT.replace("{{ full_name }}", "друзья").replace("{{ unsubscribe_url }}", "-"),
        HTML.replace("{{ full_name }}", "друзья").replace(
            "{{ unsubscribe_url }}", "https://e.org/"
        ),
    ),
    "logic": (SUBJECT, TEXT, HTML.replace("</body>", "{% if city %}{{ city }}{% endif %}</body>")),
}
VARIANTS["links"] = (
    *VARIANTS["static"][:2],
    VARIANTS["static"][2].replace("https://e.org/", "{{ unsubscribe_url }}"),
)
#: Liquid that only makes sense as a whole: written anew for each recipient, as all logic once was.
VARIANTS["whole"] = (
    *VARIANTS["logic"][:2],
    VARIANTS["logic"][2].replace("<body>", "<body>{% assign x = city %}"),
)
#: Links to a shop: ``plain`` as they are, ``tracked`` by way of this site, and with a pixel.
TRACKED = {f"{count}_{kind}": count for count in (10, 40) for kind in ("plain", "tracked")}
VARIANTS |= {
    name: (
        SUBJECT,
        TEXT,
        HTML.replace(
            "</body>",
            "".join(f"<a href='https://shop.example/item/{at}'>{at}</a> " for at in range(count))
            + "</body>",
        ),
    )
    for name, count in TRACKED.items()
}
VARIANTS["conditions"] = VARIANTS["full"]
VARIANTS["limits"] = VARIANTS["windows"] = VARIANTS["all"] = VARIANTS["full"]
#: Less pipelining than the server bears.
LESS = ("envelope", "off")
VARIANTS |= {name: VARIANTS["full"] for name in LESS}
#: A letter of blocks with ten tracked links, in two languages.
BLOCKS = "blocks"
#: Never reached, and counted all the same.
LIMITS = {f"per_{period}": 10**8 for period in ("second", "minute", "hour", "day", "month")}


def ours(count: int, window: int, variant: str) -> dict[str, Any]:
    """Launch, freeze, then send with W = ``window`` and 16 connections."""
    from django.conf import settings

    changes: dict[str, Any] = {"window": window}
    if variant in ("limits", "all"):
        changes |= LIMITS
    if variant in LESS:
        changes["pipelining"] = variant
    settings.ACCOUNTS = {"sink": settings.ACCOUNTS["sink"].model_copy(update=changes)}
    mailing = new_mailing(variant)
    changed = with_orders(mailing.owner) if variant == "conditions" else nullcontext()
    with changed:
        return _ours(mailing, count, variant)


def _ours(mailing: Any, count: int, variant: str) -> dict[str, Any]:
    from django.conf import settings

    from apps.core.values.opening_hours import OpeningHours
    from apps.delivery.engine.runs.launch import freeze_audience
    from apps.delivery.models import AccountState
    from apps.delivery.service import service
    from apps.mailings.models import Attempt, Run

    if variant in ("windows", "all"):
        zone = ZoneInfo(settings.TIME_ZONE)
        mailing.local_from, mailing.local_to = opens, closes = around_now(zone)
        mailing.save(update_fields=["local_from", "local_to"])
        settings.ACCOUNT_HOURS = {"sink": OpeningHours(zone, opens, closes)}
    run_id = service.launch(mailing_id=mailing.pk, trigger="command").run_id
    if variant == "conditions":
        make_conditional(Run.objects.get(pk=run_id), mailing.owner)
    started = time.perf_counter()
    freeze_audience(run_id)
    freezing = time.perf_counter() - started
    started, began = time.perf_counter(), time.process_time()
    service.work_until(run_id, threading.Event())
    seconds, effort = time.perf_counter() - started, time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # before the times are read
    run = Run.objects.get(pk=run_id)
    if (run.sent, run.audience) != (count, count):
        raise SystemExit(f"sent {run.sent} of {run.audience}, expected {count}")
    times = list(
        Attempt.objects.filter(mailing=mailing).order_by("id").values_list("created_at", flat=True)
    )
    learned = AccountState.objects.get(name="sink").pipelining
    measured = {"seconds": seconds, "freezing": freezing, "ends": _ends(times), "rss_mb": peak}
    return {**measured, "effort": effort, "learned": learned}


#: Tag, field and language; two placeholders with a fallback; five orders.
CONDITIONS: list[dict[str, Any]] = [
    {"match": "all", "rules": [{"kind": "tag", "id": 0, "op": "is"}]},
    {
        "match": "any",
        "rules": [
            {"kind": "field", "name": "city", "op": "is", "value": "Казань"},
            {"kind": "field", "name": "city", "op": "empty"},
        ],
    },
    {"match": "all", "rules": [{"kind": "language", "op": "is_not", "value": "en"}]},
]
ORDERS = [{"name": f"Order {n}", "price": 100 * n, "url": f"https://e.org/{n}"} for n in range(5)]


@contextmanager
def with_orders(owner: Any) -> Iterator[None]:
    """Every recipient of the owner has five orders meanwhile."""
    from apps.mailings.models import Recipient

    rows = Recipient.objects.filter(owner=owner)
    rows.update(attributes={"city": "Казань", "orders": ORDERS})
    yield
    rows.update(attributes={"city": "Казань"})


def make_conditional(run: Any, owner: Any) -> None:
    """The run's letter in parts: as long as the full one, and for every second recipient more."""
    from apps.mailings.models import Recipient, Tag
    from apps.mailings.rules import asking

    tag, made = Tag.objects.get_or_create(owner=owner, name="Benchmark")
    if made:
        tag.recipients.add(*Recipient.objects.filter(owner=owner)[::2])
    conditions = json.loads(json.dumps(CONDITIONS))
    conditions[0]["rules"][0]["id"] = tag.pk
    blocks = {"html": parts_of(HTML, "<p>{}</p>"), "text": parts_of(TEXT, "{}\n")}
    run.content = asking({**run.content, **blocks, "conditions": conditions}, owner.pk)
    run.save(update_fields=["content"])


def parts_of(source: str, line: str) -> list[Any]:
    """The source as parts, with three conditions and a repeat before its end."""
    before, after = line.split("{}")
    slot = re.compile(r"(\{\{.*?\}\}|</body>)")
    parts: list[Any] = [
        {"placeholder": piece} if piece[:2] == "{{" else piece for piece in slot.split(source)
    ]
    end = parts.index("</body>") if "</body>" in parts else len(parts)
    friend = {"placeholder": "{{ full_name | default: 'friend' }}"}
    shown: list[Any] = [
        {"if": 0, "parts": [f"{before}For members only{after}"]},
        {"if": 1, "parts": [before, friend, f", in your city{after}"]},
        {"if": 2, "parts": [before, {"placeholder": "{{ city | default: 'here' }}"}, after]},
    ]
    item = [{"placeholder": f"{{{{ item.{name} }}}}"} for name in ("name", "price")]
    repeated = [before, item[0], ": ", item[1], after]
    shown.append({"each": "orders", "limit": 5, "parts": repeated, "empty": []})
    return [*parts[:end], *shown, *parts[end:]]


def around_now(zone: ZoneInfo) -> tuple[clock, clock]:
    """Hours of the day that are open now, and for some hours to come."""
    now = datetime.now(zone)
    opens, closes = now - timedelta(hours=6), now + timedelta(hours=6)
    return opens.time().replace(microsecond=0), closes.time().replace(microsecond=0)


def _ends(times: list[Any]) -> float:
    """The rate of the last tenth over that of the first tenth."""
    tenth = len(times) // 10
    first = (times[tenth] - times[0]).total_seconds()
    last = (times[-1] - times[-1 - tenth]).total_seconds()
    return first / last if last else 0.0


def django_loop(count: int, port: int) -> dict[str, Any]:
    """Django's own mail API over one connection, one attempt row per message by the ORM."""
    from django.core.mail import EmailMultiAlternatives, get_connection
    from django.utils import timezone

    from apps.mailings.models import Attempt, Recipient

    mailing = new_mailing("full")
    recipients = list(Recipient.objects.filter(owner=mailing.owner)[:count])
    connection = get_connection(
        "django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=port, use_tls=False
    )
    connection.open()
    started = time.perf_counter()
    for recipient in recipients:
        message = EmailMultiAlternatives(
            SUBJECT.replace("{{ full_name }}", recipient.full_name),
            TEXT.replace("{{ full_name }}", recipient.full_name),
            "news@example.org",
            [str(recipient.email)],
        )
        html = HTML.replace("{{ full_name }}", recipient.full_name)
        message.attach_alternative(html, "text/html")
        connection.send_messages([message])
        Attempt.objects.create(
            mailing=mailing,
            recipient=recipient,
            run_number=1,
            trigger="command",
            status="success",
            created_at=timezone.now(),
        )
    seconds = time.perf_counter() - started
    connection.close()
    return {"seconds": seconds}


def post_office(count: int) -> dict[str, Any]:
    """django-post-office with its defaults: queue everything, then measure send_queued."""
    from post_office import mail
    from post_office.models import STATUS, Email

    from apps.mailings.models import Recipient

    Email.objects.all().delete()
    mail.send_many(
        [
            {
                "sender": "news@example.org",
                "recipients": [recipient.email],
                "subject": SUBJECT.replace("{{ full_name }}", recipient.full_name),
                "message": TEXT.replace("{{ full_name }}", recipient.full_name),
                "html_message": HTML.replace("{{ full_name }}", recipient.full_name),
            }
            for recipient in Recipient.objects.all()[:count]
        ]
    )
    started = time.perf_counter()
    mail.send_queued_mail_until_done()
    seconds = time.perf_counter() - started
    sent = Email.objects.filter(status=STATUS.sent).count()
    if sent != count:
        raise SystemExit(f"post_office sent {sent} of {count}")
    return {"seconds": seconds}


def lockstep(count: int, port: int) -> dict[str, Any]:
    """smtplib in 16 threads, no database: what a latency costs without pipelining."""
    import smtplib

    body = (
        b"Subject: x\r\n\r\n" + b"A line of seventy characters or so, as it is usual here.\r\n" * 70
    )

    def send(share: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as server:
            for number in range(share):
                server.sendmail("news@example.org", [f"r{number}@example.org"], body)

    threads = [threading.Thread(target=send, args=(count // 16,)) for _ in range(16)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"seconds": time.perf_counter() - started}


def new_mailing(variant: str) -> Any:
    from django.utils import timezone

    from apps.mailings.models import Mailing, Message
    from apps.users.models import User
    from benchmarks.peers.block_letter import block_letter

    owner = User.objects.get(email="owner@example.org")
    if variant == BLOCKS:
        message = block_letter(owner)
    else:
        subject, text, html = VARIANTS[variant]
        message = Message.objects.create(owner=owner, subject=subject, text=text, html=html)
    now = timezone.now()
    return Mailing.objects.create(
        owner=owner,
        name="Benchmark",
        message=message,
        everyone=True,
        account="sink",
        tracking="persons" if variant.endswith(("tracked", BLOCKS)) else "off",
        starts_at=now - timedelta(seconds=1),
        ends_at=now + timedelta(days=1),
    )


def main() -> None:
    django.setup()
    name, count, port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if name.startswith("ours"):
        _, window, variant = name.split("-")
        result = ours(count, int(window), variant)
    elif name == "django":
        result = django_loop(count, port)
    elif name == "post_office":
        result = post_office(count)
    else:
        result = lockstep(count, port)
    result.setdefault("rss_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    result["cpu"] = time.process_time()
    print(json.dumps(result))


if __name__ == "__main__":
    main()

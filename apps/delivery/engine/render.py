"""From a run's snapshot and a claimed delivery to a letter: compiled once per run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.core.content.blocks.feeds.entry import FeedEntry
from apps.core.content.program import Program
from apps.core.content.program.tracked import Tracker
from apps.core.content.template_language import RenderRefused, TemplateFailed, too_slow
from apps.core.content.time_budget import MAX_SECONDS, OverLimit, time_budget
from apps.core.contracts import Claimed, Letter, Outcome, Verdict
from apps.core.site import link_url
from apps.delivery.accounts import declared, signer_of
from apps.delivery.channels import KINDS
from apps.delivery.channels.content import Compiled, Content, Links, Measured
from apps.delivery.sending_account import SendingAccount
from apps.mailings.attachments import loaded, snapshot
from apps.mailings.attribute_values import lists_in
from apps.mailings.fields import with_given
from apps.mailings.links import LetterLinks, bounce_sender
from apps.mailings.media.embedding import carried
from apps.mailings.models import Channel, Message, Run, Sender, Tracking
from apps.mailings.models.audience import MESSENGERS
from apps.mailings.personal_files.store import bytes_of
from apps.mailings.run_content import (
    Bodies,
    bodies_of,
    contents_in_force,
    level_in,
    links_to_page,
    measured_bodies_of,
    tracks_text,
)
from apps.mailings.services.letters.bodies import kept_bodies


def snapshot_of(
    message: Message,
    *,
    domain: str,
    fields: Mapping[str, Any] | None = None,
    sender: Sender | None = None,
    headers: Mapping[str, Any] | None = None,
    entries: Sequence[FeedEntry] | None = None,
) -> dict[str, Any]:
    """What a run keeps of a message. ``domain``: of its Message-IDs, whichever account sends.

    ``fields``: values for its places that go before the recipients' own. ``sender``: who its
    letters are from, where that is not the account. ``headers``: of bulk_headers. ``entries``: the
    items of its mailing's feed, if there is one. Raises ContentRefused for blocks that cannot be
    compiled.
    """
    content = {
        "subject": message.subject,
        **kept_bodies(message, entries),
        "revision": message.revision,
        "domain": domain,
        "attachments": snapshot(message),
    }
    if sender is not None:
        about = {"name": sender.name, "address": sender.address, "reply_to": sender.reply_to}
        content["sender"] = {"id": sender.pk, **about}
    if headers:
        content["headers"] = dict(headers)
    return {**content, "fields": dict(fields)} if fields else content


def message_id_domain(*accounts: SendingAccount) -> str:
    """The domain that letters are written as: that of the first account that writes email."""
    account = next((one for one in accounts if one.writes_email), accounts[0])
    return account.from_email.rpartition("@")[2] or "localhost"


def from_domain(run: Run, account: SendingAccount) -> str:
    """The domain in From of the run's letters by this account."""
    sender: Mapping[str, str] = run.content.get("sender") or {}
    return (sender.get("address") or account.from_email).rpartition("@")[2].lower()


def compile_routes(run: Run, routes: Iterable[tuple[str, str]], now: datetime) -> None:
    """Compile this snapshot for every channel and account it may go over, to see that it can be.

    Raises ContentRefused, AccountUnknown.
    """
    for channel, account in routes:
        one = Run(mailing_id=run.mailing_id, key=run.key, content=run.content, channel=channel)
        _compiled(one, declared(account), now, is_list=True)


def compile_run(
    run: Run, account: SendingAccount, now: datetime, *, is_list: bool = True
) -> Compiled:
    """Compile the run's snapshot, or every one that it has, as the account's kind needs it.

    ``is_list``: it is left by a link; a letter of the installation itself is not. Raises
    ContentRefused when it cannot be sent as it is.
    """
    contents = contents_in_force(run)
    if len(contents) == 1:
        return _compiled(run, account, now, is_list)
    # Versions that were replaced lead to the same content.
    kept = {
        version: _compiled(with_content(run, content, version), account, now, is_list)
        for version, content in dict(contents.values()).items()
    }
    return _ByVersion({named: kept[version] for named, (version, _one) in contents.items()})


def with_content(run: Run, content: dict[str, Any], version: int = 0) -> Run:
    """The run as far as a letter is concerned, with another content."""
    of_run = {"pk": run.pk, "mailing_id": run.mailing_id, "key": run.key, "channel": run.channel}
    return Run(**of_run, content=content, content_version=version)


def _compiled(run: Run, account: SendingAccount, now: datetime, is_list: bool) -> Compiled:
    compiled = KINDS[account.kind].compiled(_content(run, account, now, is_list))
    given = run.content.get("fields")
    return _WithRunFields(compiled, given) if given else compiled


@dataclass(frozen=True, slots=True)
class _ByVersion(Compiled):
    """The compiled contents of a run that has several, by what a delivery names."""

    by_version: Mapping[int, Compiled]

    def fill(self, claimed: Claimed) -> Letter:
        return self.by_version[claimed.content_version].fill(claimed)


@dataclass(frozen=True, slots=True)
class _WithRunFields(Compiled):
    """A compiled message whose run brings values of its own."""

    compiled: Compiled
    given: Mapping[str, Any]

    def fill(self, claimed: Claimed) -> Letter:
        fields = with_given(claimed.fields, self.given)
        lists = {**claimed.lists, **lists_in(self.given)}
        return self.compiled.fill(replace(claimed, fields=fields, lists=lists))


def _content(run: Run, account: SendingAccount, now: datetime, is_list: bool) -> Content:
    kind = KINDS[account.kind]
    sender: Mapping[str, str] = run.content.get("sender") or {}
    headers: Mapping[str, Any] = run.content.get("headers") or {}
    # Others take a letter apart, and make another one of it.
    is_whole = kind.is_smtp or kind.to_files
    pictures = carried(run.content.get("embedded", ())) if is_whole else ()
    bodies = bodies_of(run.content, [cid for cid, _type, _data in pictures])
    # A chat shows a text made of the blocks, not the whole of a page.
    as_text = bodies.of_blocks and run.channel in MESSENGERS
    return Content(
        subject=run.content["subject"],
        text=bodies.text,
        html=Program() if as_text else bodies.html,
        links=_links_of(run),
        now=now,
        channel=run.channel,
        mailing_id=run.mailing_id,
        run_key=run.key,
        domain=run.content.get("domain") or message_id_domain(account),
        bounce_sender=bounce_sender if settings.BOUNCE_ADDRESS and is_list else None,
        is_list=is_list,
        is_bulk=bool(headers.get("bulk")),
        list_id=headers.get("list_id", ""),
        feedback_id=headers.get("feedback_id", ""),
        list_archive=headers.get("archive", ""),
        server_host=account.host,
        from_email=sender.get("address") or account.from_email,
        from_name=sender["name"] if sender else account.from_name,
        reply_to=sender.get("reply_to", ""),
        account_email=account.from_email if sender else "",
        attachments=loaded(run.content.get("attachments", [])),
        pictures=pictures,
        sign=signer_of(sender.get("address") or account.from_email) if is_whole else None,
        open_file=bytes_of,
        measured=_measured(run, account, bodies, [cid for cid, _type, _data in pictures]),
    )


def _measured(
    run: Run, account: SendingAccount, plain: Bodies, cids: Sequence[str]
) -> Measured | None:
    """The bodies of an email with its measured links."""
    if run.channel != Channel.EMAIL:
        return None
    bodies = measured_bodies_of(run.content, Tracker(account.link_url or link_url()), cids)
    if bodies is None:
        return None
    return Measured(bodies.text, bodies.html, (bodies if tracks_text(run.content) else plain).html)


def _links_of(run: Run) -> Links:
    """What the letters of this content lead to. What belongs to no run leads to nobody."""
    links = LetterLinks(run.pk or 0, run.content_version)
    shows, is_of_run = links_to_page(run.content), run.pk is not None
    # Where only totals are measured, no link of the letter says whose it is.
    of_all = links.tokens(0)[0] if level_in(run.content) == Tracking.TOTALS else ""

    def of(delivery_id: int) -> tuple[str, str, str]:
        unsubscribe, view, token = links.urls(delivery_id if is_of_run else 0)
        return unsubscribe, view if shows else "", of_all or token

    return of


@dataclass(slots=True)
class Rendered:
    """Render the claimed: letters, a failure for each that could not be built, and the rest."""

    letters: list[Letter] = field(default_factory=list)
    rejected: list[Outcome] = field(default_factory=list)
    left: list[Claimed] = field(default_factory=list)


def render(compiled: Compiled, claimed: Sequence[Claimed], *, seconds: float) -> Rendered:
    """Render for so many seconds at most: a holder of a lease must return in time to renew it."""
    done = Rendered()
    until = time.monotonic() + seconds
    for number, one in enumerate(claimed):
        if time.monotonic() > until:
            done.left = list(claimed[number:])
            break
        try:
            done.letters.append(filled(compiled, one))
        except RenderRefused as refusal:
            done.rejected.append(
                Outcome(one.delivery_id, Verdict.FAILED, response=refusal.response)
            )
    return done


def filled(compiled: Compiled, claimed: Claimed) -> Letter:
    """One letter within its budget: one that takes too long fails alone."""
    try:
        with time_budget(MAX_SECONDS):
            return compiled.fill(claimed)
    except OverLimit as error:
        raise TemplateFailed.by(too_slow()) from error

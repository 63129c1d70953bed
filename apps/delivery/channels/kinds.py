"""What the rest of the program knows of a kind of channel: one record, exported by its folder.

It names its callables by dotted paths, so that reading the records loads no channel: the
settings need the keys of an account, the pages the kinds of address, and only a worker the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.core.contracts import Channel, Guard
    from apps.core.responses.stored import Response
    from apps.delivery.channels.content import Compiled, Content
    from apps.delivery.channels.tracked import Tracker
    from apps.delivery.sending_account import SendingAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind:
    """One kind of channel. Paths are ``module:callable``; ``.module`` stands in its ``package``.

    - ``serves``: the kinds of address it writes to.
    - ``required``: the keys an account cannot do without, with an example (empty: the key has one).
    - ``optional``: the other keys that it reads; those that every account has are not named.
    - ``patterns``: what the value of a key must be like, and the words when it is not.
    - ``compile(Content) -> Compiled``: makes its letters. Raises ContentRefused.
    - ``open(SendingAccount, Guard) -> Channel``: connects when the first letter comes.
    - ``check(SendingAccount) -> Response``: connects and logs in without sending. Returns what was
      wrong, which never holds a secret; empty: nothing was. None: it connects to nothing.
    - ``track(SendingAccount) -> Tracker | None``: asks what became of messages that were accepted.
    - ``listen(SendingAccount, seconds)``: keeps a connection for so long, on which it reports what
      became of messages. Raises OSError.
    - ``calls_back``: its service is given an address to which it reports.
    - ``over_http``: the account's URL, or else ``url``, is checked at the start; ``path`` is what
      is asked for below it, for the log.
    - ``port``, ``securities``: where an account that does not say it connects to, and how it may be
      encrypted, the first if it does not say it.
    - ``is_smtp``: has a name in EHLO, and learns what its server can do.
    - ``to_files``: nothing leaves the machine.
    - ``loads_code``: a key names a program to load, so that no page may set it.
    - ``idempotent``: the service knows a message by its id, so that a doubtful one may be repeated.
    - ``per_second``, ``parallel_runs``: limits that hold unless somebody sets others (0: none).
    """

    name: str
    package: str
    serves: frozenset[str]
    compile: str
    open: str
    check: str | None
    required: Mapping[str, str] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    patterns: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    track: str = ""
    listen: str = ""
    calls_back: bool = False
    port: int = 587
    securities: tuple[str, ...] = ("starttls", "tls", "none")
    over_http: bool = False
    is_smtp: bool = False
    to_files: bool = False
    loads_code: bool = False
    idempotent: bool = False
    url: str = ""
    path: str = ""
    per_second: int = 0
    parallel_runs: int = 0

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of an account that are this kind's own."""
        return (*self.required, *self.optional)

    def compiled(self, content: Content) -> Compiled:
        """The run's message, ready to be filled in. Raises ContentRefused."""
        compile_content: Callable[[Content], Compiled] = self._load(self.compile)
        return compile_content(content)

    def opened(self, account: SendingAccount, guard: Guard) -> Channel:
        """A channel for this account. Connects when the first letter comes."""
        open_channel: Callable[[SendingAccount, Guard], Channel] = self._load(self.open)
        return open_channel(account, guard)

    def checked(self, account: SendingAccount) -> Response | None:
        """What is wrong with the account (empty: nothing). None: there is nothing to connect to."""
        if self.check is None:
            return None
        check: Callable[[SendingAccount], Response] = self._load(self.check)
        return check(account)

    def tracker(self, account: SendingAccount) -> Tracker | None:
        """What asks about this account's messages; None: nothing does."""
        if not self.track:
            return None
        tracker_of: Callable[[SendingAccount], Tracker | None] = self._load(self.track)
        return tracker_of(account)

    def listening(self, account: SendingAccount, seconds: float) -> None:
        """Keep a connection on which reports come, for so many seconds from now. Raises OSError."""
        if self.listen:
            listen: Callable[[SendingAccount, float], None] = self._load(self.listen)
            listen(account, seconds)

    def _load(self, path: str) -> Any:
        module, _, name = path.partition(":")
        return getattr(import_module(module, self.package), name)

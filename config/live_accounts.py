"""The sending accounts of ``.env`` while the process runs: a change of the file is taken over.

Asking for an account has the file checked, once a second at most. A file that cannot be
used changes nothing.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog
from django.utils.translation import gettext as _
from pydantic import ValidationError

from apps.core.files.env_lines import EnvLines, Unwritable
from apps.core.files.replacing import alone, replace_file
from apps.core.values.opening_hours import OpeningHours
from apps.delivery.account_settings.declarations import (
    AccountDeclarations,
    AccountRefused,
    EnvironmentBusy,
    EnvironmentUnwritable,
    EnvironmentWrong,
)
from apps.delivery.channels.email.dkim import DkimKey
from config import environment
from config.account_settings import AccountSettings
from config.environment import Environment, EnvironmentRefused
from config.named.seeds import SeedSettings
from config.rules.sending import opening_hours, users_of

T = TypeVar("T")
log = structlog.get_logger(__name__)

#: Seconds between two checks of the file.
CHECK_SECONDS: Final = 1.0
#: A file is taken when nobody has written to it for so long: an editor may write it in pieces.
SETTLED_SECONDS: Final = 1.0
_Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Declared:
    """What one version of the file says. Hours: None is always; users: nobody named, everybody."""

    site_mail: AccountSettings
    accounts: Mapping[str, AccountSettings]
    hours: Mapping[str, OpeningHours | None]
    users: Mapping[str, frozenset[str]]
    own: frozenset[str]
    dkim: Mapping[str, DkimKey]
    seeds: Mapping[str, SeedSettings]


def declared_by(env: Environment) -> Declared:
    """All accounts, with what they do not say themselves taken from the house."""
    site_mail = AccountSettings(
        kind="smtp" if env.email_host else "outbox",
        host=env.email_host,
        port=env.email_port,
        security="tls" if env.email_use_ssl else "starttls" if env.email_use_tls else "none",
        username=env.email_host_user,
        password=env.email_host_password,
        oauth_token_file=env.email_oauth_token_file,
        oauth_token_command=env.email_oauth_token_command,
        ehlo_name=env.email_ehlo_name,
        ca_file=env.email_ca_file,
        from_email=env.default_from_email,
        pipelining=env.email_pipelining,
    )
    accounts = {"email": site_mail, **env.accounts}
    hours = {
        name: opening_hours(
            env.time_zone,
            account.hours or env.working_hours,
            account.weekdays or env.working_days,
            env.days_off,
        )
        for name, account in accounts.items()
    }
    users = {name: users_of(account.users) for name, account in accounts.items()}
    keys = {name: found.key for name, found in env.dkim.items()}
    own = frozenset(env.accounts)
    return Declared(site_mail, accounts, hours, users, own, keys, env.seeds)


class _Part(Mapping[str, T]):
    """One table of what is declared now."""

    def __init__(self, now: Callable[[], Mapping[str, T]]) -> None:
        self._now = now

    def __getitem__(self, name: str) -> T:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())


class LiveAccounts(AccountDeclarations):
    """The accounts as the file declares them now, and the way to change them."""

    def __init__(self, env: Environment) -> None:
        self._declared = declared_by(env)
        self._stamp = _stamp()
        self._problems: tuple[str, ...] = ()
        self._next_check = 0.0
        self._lock = threading.Lock()
        self.accounts = _Part(lambda: self.current().accounts)
        self.hours = _Part(lambda: self.current().hours)
        self.users = _Part(lambda: self.current().users)
        self.dkim_keys = _Part(lambda: self.current().dkim)
        self.seeds = _Part(lambda: self.current().seeds)

    def current(self) -> Declared:
        """What holds now."""
        if time.monotonic() >= self._next_check and self._lock.acquire(blocking=False):
            try:
                self._next_check = time.monotonic() + CHECK_SECONDS
                self._check()
            finally:
                self._lock.release()
        return self._declared

    def problems(self) -> Sequence[str]:
        self.current()
        return self._problems

    def names(self) -> Collection[str]:
        return self.current().own

    def keys_of(self, name: str) -> dict[str, str]:
        try:
            return EnvLines(environment.file_text()).values(_prefix(name))
        except EnvironmentRefused as refused:
            raise _wrong(refused) from None

    def settings_of(self, values: Mapping[str, str]) -> AccountSettings:
        try:
            return AccountSettings.model_validate({k: v for k, v in values.items() if v})
        except ValidationError as error:
            found = error.errors(include_input=False)
            wrong = [str(item["loc"][0]) for item in found if item["loc"]]
            raise AccountRefused(_("Check the marked fields."), wrong) from None

    def save(self, name: str, values: Mapping[str, str]) -> None:
        self.settings_of({**self.keys_of(name), **values})
        self._rewrite(lambda lines: lines.put(_prefix(name), values))
        log.info("account_saved", account=name, keys=sorted(values))

    def remove(self, name: str) -> None:
        self._rewrite(lambda lines: lines.drop(_prefix(name)))
        log.info("account_removed", account=name)

    def can_write(self) -> bool:
        file = environment.ENV_FILE.resolve()
        return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)

    def _rewrite(self, change: Callable[[EnvLines], None]) -> None:
        """Change the file as it is now, see whether it can be used so, and put it in place."""
        file = environment.ENV_FILE
        try:
            with alone(file) as mine:
                if not mine:
                    raise EnvironmentBusy(_("Somebody else is saving .env. Try again."))
                lines = EnvLines(environment.file_text())
                change(lines)
                environment.load(lines.text)
                replace_file(file, lines.text.encode())
        except Unwritable:
            raise AccountRefused(_("A value has to be one line of text.")) from None
        except EnvironmentRefused as refused:
            raise _wrong(refused) from None
        except OSError as error:
            log.warning("env_not_written", error=str(error))
            text = _("The file .env cannot be written: %(error)s.")
            raise EnvironmentUnwritable(text % {"error": error.strerror or error}) from None
        with self._lock:
            self._take(_stamp())

    def _check(self) -> None:
        stamp = _stamp()
        if stamp == self._stamp:
            return
        written = stamp[0] / 1e9 if stamp else 0.0
        if not 0 <= time.time() - written < SETTLED_SECONDS:
            self._take(stamp)

    def _take(self, stamp: _Stamp) -> None:
        """Take the file over, if it can be used."""
        self._stamp = stamp
        try:
            declared = declared_by(environment.load())
        except (EnvironmentRefused, OSError) as error:
            lines = error.lines if isinstance(error, EnvironmentRefused) else (str(error),)
            self._problems = tuple(lines)
            log.error("env_refused", problems=self._problems)
            return
        self._problems = ()
        before, self._declared = self._declared, declared
        names = {*before.accounts, *declared.accounts}
        changed = [n for n in names if before.accounts.get(n) != declared.accounts.get(n)]
        log.info("env_taken", accounts=sorted(changed))


def _prefix(name: str) -> str:
    return f"ACCOUNTS__{name.upper()}__"


def _stamp() -> _Stamp:
    """What changes when the file does."""
    try:
        found = environment.ENV_FILE.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _wrong(refused: EnvironmentRefused) -> EnvironmentWrong:
    return EnvironmentWrong(_("The file .env cannot be used like this."), refused.lines)

"""The accounts as ``.env`` declares them: read anew when the file changes, and rewritten by us.

The file is the settings' (config.live_accounts); here is what the pages and commands know of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, cast

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refused

#: Keys that are written and never shown.
SECRETS: Final = ("password", "token")
#: Where an account leads to: with another one of these, its secrets are asked for again, or they
#: could be sent to the server of somebody with a borrowed session.
CONNECTION: Final = (
    *("kind", "host", "port", "security", "username", "url"),
    *("provider", "record"),
)


class AccountRefused(Refused):
    """The account cannot be declared so; ``wrong`` are the keys, in lower case."""

    code = "account_refused"

    def __init__(self, text: str, wrong: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.wrong = tuple(wrong)


class EnvironmentUnwritable(Refused):
    """``.env`` cannot be written here: a read-only container, a mounted secret."""

    code = "environment_unwritable"


class EnvironmentBusy(Refused):
    """Another process is writing ``.env`` at this moment."""

    code = "environment_busy"


class EnvironmentWrong(Refused):
    """``.env`` cannot be used as it is now, whatever is added; ``lines`` say why."""

    code = "environment_wrong"

    def __init__(self, text: str, lines: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.lines = tuple(lines)


class AccountDeclarations(ABC):
    """What ``.env`` declares of accounts."""

    @abstractmethod
    def problems(self) -> Sequence[str]:
        """What is wrong with the file as it is now, a line per key; nothing: it is in use."""

    @abstractmethod
    def names(self) -> Collection[str]:
        """The accounts with keys of their own. The site's own mail server has EMAIL_… instead."""

    @abstractmethod
    def keys_of(self, name: str) -> dict[str, str]:
        """The keys of this account as they are written, in lower case, without those not set."""

    @abstractmethod
    def settings_of(self, values: Mapping[str, str]) -> Any:
        """The settings of an account with these keys. Raises AccountRefused."""

    @abstractmethod
    def save(self, name: str, values: Mapping[str, str]) -> None:
        """Write these keys of the account; an empty one is not set any more.

        Raises AccountRefused, EnvironmentWrong, EnvironmentUnwritable, EnvironmentBusy.
        """

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove the account. Raises as ``save`` does."""

    @abstractmethod
    def can_write(self) -> bool:
        """True if the file looks as if it could be replaced by this process."""


def declarations() -> AccountDeclarations:
    """Those of this installation."""
    return cast(AccountDeclarations, settings.ACCOUNT_DECLARATIONS)


def lines_of(name: str, values: Mapping[str, str]) -> list[str]:
    """The lines to be written manually where we cannot; never with a secret."""
    return [
        f"ACCOUNTS__{name.upper()}__{key.upper()}={str(_('(yours)')) if key in SECRETS else value}"
        for key, value in values.items()
        if value
    ]

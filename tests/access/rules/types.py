"""Who is answered what at each URL: the types that the rules are written in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.people import Cast

ROLES = ("anonymous", "blocked", "stranger", "owner", "manager")
LOGIN = "login"  # sent to the sign-in page

Answers = tuple[int | str, int | str, int | str, int | str, int | str]  # in the order of ROLES


@dataclass(frozen=True)
class Endpoint:
    """What each of ROLES is answered, by method. ``kwargs`` fill in the URL."""

    get: Answers
    post: Answers
    kwargs: Callable[[Cast], dict[str, Any]] = lambda cast: {}


def everybody(answer: int) -> Answers:
    return (answer,) * 5


def mailing(cast: Cast) -> dict[str, Any]:
    return {"pk": cast.mailing.pk}


SEE_OWN: Answers = (LOGIN, LOGIN, 404, 200, 200)
SEE: Answers = (LOGIN, LOGIN, 200, 200, 200)
NO_WRITING: Answers = (LOGIN, LOGIN, 405, 405, 405)
# The sign-in comes before the method: a stranger does not even learn which methods there are.
ACT_GET: Answers = (LOGIN, LOGIN, 405, 405, 405)
ACT_POST: Answers = (LOGIN, LOGIN, 404, 302, 403)

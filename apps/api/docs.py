"""Who may read the document, its first words, and what is said of every route alike."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja.openapi.schema import REF_TEMPLATE

from apps.api.auth import caller_of
from apps.api.parsing import FORM, PASSWORD_FORM, TOKEN
from apps.api.problems import problem
from apps.api.schemas.common import Problem

View = Callable[..., HttpResponseBase]

DESCRIPTION: Final = """\
Everything that the pages do, for programs.

- **Who**: `Authorization: Bearer <token>`, from `POST /auth/token` or from the page
  `/profile/tokens/`. You see and change what is yours; managers see everybody's.
- **Errors** all have one shape: `code` (stable), `detail` (words), `errors` (fields). Another
  owner's object is 404, a manager's write to it 403, a state in which it cannot be done 409.
- **Lists** have `items`, `count` and `next`; give `next` as `cursor` to get the next page.
- **Idempotency-Key** on a POST: the same call with the same key is done once, and answered alike
  for 24 hours.
- **Paths** end with a slash or without it: both are the same route.
- **Limits**: too many calls in a minute are answered by 429 with `Retry-After`.
"""

_WORDS: Final = {
    400: "The body is no JSON.",
    401: "Without a valid token.",
    403: "This token may not do it, or it is not one's own object.",
    404: "There is no such object, or it is somebody else's.",
    409: "Not in this state, or not now; nothing was changed.",
    413: "The body or the file is too large.",
    422: "Something that was sent cannot be used; `errors` says what.",
    429: "Too many calls; `Retry-After` says how many seconds to wait.",
    500: "An error of the server. It has been logged.",
    503: "Busy; `Retry-After` says how many seconds to wait.",
}
_PROBLEM: Final = {
    "application/json": {"schema": {"$ref": REF_TEMPLATE.format(model=Problem.__name__)}}
}
_KEY: Final[dict[str, Any]] = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "The same call with the same key is done once, and answered alike for 24 hours.",
    # No example: the page that tries routes would send it with every call, and a key is for one.
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
#: Paths whose answers are not kept for a key: they hold a secret, or nothing is done.
NOT_KEPT: Final = ("/auth/", "/api/webhooks/", "/search")
_WAIT: Final[dict[str, Any]] = {
    "description": "Seconds to wait.",
    "schema": {"type": "integer", "minimum": 1},
}


def complete(document: dict[str, Any]) -> None:
    """Say of every route what holds for all: what each error means, and the key of a POST."""
    given = document["paths"][TOKEN]["post"]["requestBody"]["content"]
    given[FORM] = {"schema": PASSWORD_FORM}
    shape = Problem.model_json_schema(ref_template=REF_TEMPLATE, mode="serialization")
    document["components"]["schemas"] |= {**shape.pop("$defs"), Problem.__name__: shape}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method == "post" and not path.startswith(NOT_KEPT):
                operation["parameters"] = [*operation["parameters"], _KEY]
            for status, answer in operation["responses"].items():
                answer["description"] = _WORDS.get(status, answer["description"])
                if status >= 400:
                    answer["content"] = _PROBLEM
                if status in (429, 503):
                    answer["headers"] = {"Retry-After": _WAIT}


def for_those_who_may(view: View) -> View:
    """Around the page and the document: for everybody, or for those who have signed in."""

    @wraps(view)
    def shown(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if settings.API_DOCS_PUBLIC or caller_of(request) is not None:
            return view(request, **kwargs)
        is_page = not request.path.endswith(".json")
        return redirect_to_login(request.path) if is_page else problem(401)

    return shown

"""Who may read the document, and its first words."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.api.auth import caller_of
from apps.api.problems import problem

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
- **Limits**: too many calls in a minute are answered by 429 with `Retry-After`.
"""


def for_those_who_may(view: View) -> View:
    """Around the page and the document: for everybody, or for those who have signed in."""

    @wraps(view)
    def shown(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if settings.API_DOCS_PUBLIC or caller_of(request) is not None:
            return view(request, **kwargs)
        is_page = not request.path.endswith(".json")
        return redirect_to_login(request.path) if is_page else problem(401)

    return shown

"""`POST /search`: customers and mailouts by what somebody types."""

from typing import Any

from ninja import Router

from apps.api.auth import AUTH_OF_ANY_SCOPE, ApiRequest
from apps.api.routers.compat_customers import customers
from apps.api.routers.compat_mailouts import mailouts, mailouts_out
from apps.api.schemas.common import answers
from apps.api.schemas.compat import Found, SearchIn
from apps.mailings.selectors.mailings import named_like
from apps.mailings.selectors.recipients import customers_like

router = Router(tags=["Customers (phone notifications)"])
_MOST = 100


@router.post(
    "/search", auth=AUTH_OF_ANY_SCOPE, response=answers({200: Found}, 400), summary="Search"
)
def search(request: ApiRequest, given: SearchIn) -> dict[str, Any]:
    """Among one's own; for managers among everybody's. Changes nothing."""
    user = request.auth.user
    mailings = named_like(mailouts().visible_to(user), given.query).order_by("-pk")[:_MOST]
    return {
        "customers": customers_like(customers().visible_to(user), given.query, _MOST),
        "mailouts": mailouts_out(list(mailings)),
    }

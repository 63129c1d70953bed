"""`/auth/token`: a token for a password, and its end."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Status

from apps.api.auth import AUTH_OF_ANY_SCOPE, ApiRequest
from apps.api.schemas.common import answers
from apps.api.schemas.tokens import AccessToken, Credentials
from apps.users.authentication.credentials import user_of
from apps.users.models import ApiToken
from apps.users.tokens import issue, revoke

router = Router(tags=["Tokens"])


@router.post(
    "/token",
    auth=None,
    throttle=[],
    response=answers({200: AccessToken}, 400),
    summary="Get a token",
)
def get_token(request: HttpRequest, given: Credentials) -> AccessToken:
    """Give email and password, as JSON or as a form, get a token for all other calls.

    Unknown address and wrong password are answered alike. After some wrong tries: 429. Who has
    two-step sign-in makes a token on the page `/profile/tokens/` instead.
    """
    user = user_of(request, email=given.email, password=given.password)
    issued = issue(
        owner=user,
        name="POST /auth/token",
        scope=ApiToken.Scope.WRITE,
        valid_for=timedelta(seconds=settings.API_TOKEN_TTL),
        now=timezone.now(),
    )
    return AccessToken(
        access_token=issued.secret, token_type="Bearer", expires_in=settings.API_TOKEN_TTL
    )


@router.delete(
    "/token",
    auth=AUTH_OF_ANY_SCOPE,
    response={204: None, **answers({}, 404)},
    summary="End this token",
)
def end_token(request: ApiRequest) -> Status[None]:
    """The token that this call is made with is worth nothing from now on."""
    if request.auth.token is not None:
        revoke(token=request.auth.token, now=timezone.now())
    return Status(204, None)

"""All routes of the API, and the document that describes them."""

from ninja import NinjaAPI, Swagger

from apps.api import problems
from apps.api.auth import AUTH
from apps.api.docs import DESCRIPTION, for_those_who_may
from apps.api.idempotency import once
from apps.api.limits import PerCaller
from apps.api.routers import recipients, tokens, webhooks

api = NinjaAPI(
    title="Vestnik",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    openapi_url="/api/openapi.json",
    docs_url="/docs/",
    docs=Swagger({"persistAuthorization": False, "docExpansion": "none"}),
    docs_decorator=for_those_who_may,
    auth=AUTH,
    throttle=[PerCaller()],
)
api.add_decorator(once, mode="view")
problems.install(api)

api.add_router("/auth", tokens.router)
api.add_router("/api/webhooks", webhooks.router)
api.add_router("/api/recipients", recipients.router)

urlpatterns, app_name, namespace = api.urls

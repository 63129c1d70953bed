"""All routes of the API, and the document that describes them."""

from typing import Any

from ninja import NinjaAPI, Swagger
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from apps.api import problems
from apps.api.auth import AUTH
from apps.api.call_log import noted
from apps.api.docs import DESCRIPTION, complete, for_those_who_may
from apps.api.idempotency import idempotent
from apps.api.limits import PerCaller
from apps.api.parsing import StrictParser
from apps.api.routers import (
    attributes,
    compat_customers,
    compat_mailouts,
    compat_search,
    mailing_actions,
    mailings,
    messages,
    recipient_imports,
    recipients,
    runs,
    segments,
    sending,
    tags,
    tokens,
    webhooks,
)
from apps.api.routers.agents import start_requests
from apps.api.routers.automations import automations, drafts, enrolments, events
from apps.api.routers.content import (
    brand,
    experiments,
    feeds,
    files,
    letters,
    media,
    saved_blocks,
    templates,
    translations,
)
from apps.api.routers.oversight import audit
from apps.api.routers.permission import forms, lists, privacy, rules, suppressions, why


class Api(NinjaAPI):
    """Operations are called as their functions are: `list_recipients`, not by module."""

    _document: OpenAPISchema | None = None

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **where: Any) -> OpenAPISchema:
        """The document. It takes seconds to write, and is always the same."""
        if self._document is None:
            document = super().get_openapi_schema(**where)
            complete(document)
            self._document = document
        return self._document


api = Api(
    title="Vestnik",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    openapi_url="/api/openapi.json",
    docs_url="/docs/",
    docs=Swagger({"persistAuthorization": False, "docExpansion": "none"}),
    docs_decorator=for_those_who_may,
    auth=AUTH,
    parser=StrictParser(),
    throttle=[PerCaller()],
)
problems.install(api)

api.add_router("/auth", tokens.router)
for prefix, router in (
    ("/api/recipients", recipients.router),
    ("/api/recipients", recipient_imports.router),
    ("/api/recipients", privacy.router),
    ("/api/tags", tags.router),
    ("/api/recipients", lists.of_recipients),
    ("/api/lists", lists.router),
    ("/api/segments", segments.router),
    ("/api/attributes", attributes.router),
    ("/api/automations", automations.router),
    ("/api/automations", drafts.router),
    ("/api/automations", enrolments.router),
    ("/api/recipients", enrolments.of_recipients),
    ("/api/events", events.router),
    ("/api/suppressions", suppressions.router),
    ("/api/blocked-domains", suppressions.domains),
    ("/api/forms", forms.router),
    ("/api/frequency-rules", rules.frequency),
    ("/api/sunset", rules.inactive),
    ("/api/senders", rules.senders),
    ("/api/messages", messages.router),
    ("/api/messages", letters.router),
    ("/api/messages", files.router),
    ("/api/messages", translations.router),
    ("/api/media", media.router),
    ("/api/brand", brand.router),
    ("/api/saved-blocks", saved_blocks.router),
    ("/api/templates", templates.router),
    ("/api/mailings", mailings.router),
    ("/api/mailings", mailing_actions.router),
    ("/api/mailings", files.of_mailings),
    ("/api/mailings", start_requests.of_mailings),
    ("/api/messages", start_requests.of_messages),
    ("/api/mailings", experiments.router),
    ("/api/mailings", feeds.router),
    ("/api", mailings.previews),
    ("/api", why.router),
    ("/api", runs.router),
    ("/api", sending.router),
    ("/api/audit", audit.router),
    ("/api/customers", compat_customers.router),
    ("/api/mailouts", compat_mailouts.router),
):
    router.add_decorator(idempotent, mode="view")
    router.add_decorator(noted, mode="view")
    api.add_router(prefix, router)
# No answer of these is kept (docs.NOT_KEPT).
webhooks.router.add_decorator(noted, mode="view")
api.add_router("/api/webhooks", webhooks.router)
api.add_router("", compat_search.router)

urlpatterns, app_name, namespace = api.urls

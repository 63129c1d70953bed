"""`/api/audit`: who did what, for managers."""

from typing import Any

from django.core.exceptions import PermissionDenied
from ninja import Query, Router

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, answers
from apps.api.schemas.oversight.audit import AuditEntryOut, AuditFilter
from apps.users.audit import AuditQuery, entries_asked_for

router = Router(tags=["Audit log"])


@router.get("/", response=answers({200: Page[AuditEntryOut]}), summary="List audit entries")
def list_audit(request: ApiRequest, query: Query[AuditFilter]) -> dict[str, Any]:
    """Every change, sign-in, export and start, the newest first. For managers; no agents."""
    if not request.auth.user.sees_all or request.auth.is_agent:
        raise PermissionDenied
    asked = AuditQuery(**query.dict(exclude={"limit", "cursor"}))
    return page_of(entries_asked_for(request.auth.user, asked), query)

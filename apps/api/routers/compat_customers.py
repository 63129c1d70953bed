"""`/api/customers/`: recipients with a phone, for clients of the phone notification service."""

from typing import Any

from django.utils import timezone
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, Removed, answers
from apps.api.schemas.compat import CustomerFilter, CustomerIn, CustomerOut
from apps.core.models import OwnedQuerySet
from apps.core.permissions import editable_or_403, visible_or_404
from apps.mailings.models import Recipient
from apps.mailings.selectors.recipients import customers_of, found_by
from apps.mailings.services.customers import Customer, add_customer, replace_customer
from apps.mailings.services.recipients import RecipientService

router = Router(tags=["Customers (phone notifications)"])


def customers() -> OwnedQuerySet[Recipient]:
    return customers_of(Recipient.objects.all())


@router.get("/", response=answers({200: Page[CustomerOut]}), summary="List customers")
def list_customers(request: ApiRequest, query: Query[CustomerFilter]) -> dict[str, Any]:
    """One's own, newest first; for managers everybody's."""
    rows = RecipientService(request.auth.user).list()
    found = found_by(rows, tag=query.tag, operator_code=query.operator_code, channel="phone")
    return page_of(customers_of(found), query, counted=found)


@router.post("/", response=answers({201: CustomerOut}, 400), summary="Add a customer")
def create_customer(request: ApiRequest, given: CustomerIn) -> Status[Recipient]:
    """It belongs to the caller. One that was deleted comes back under its id."""
    made = add_customer(owner=request.auth.user, given=Customer(**given.dict()))
    return Status(201, customers().get(pk=made.pk))


@router.get("/{int:pk}", response=answers({200: CustomerOut}, 404), summary="One customer")
def get_customer(request: ApiRequest, pk: int) -> Recipient:
    return visible_or_404(customers(), request.auth.user, pk=pk)


@router.put("/{int:pk}", response=answers({200: CustomerOut}, 400, 404), summary="Replace it")
def update_customer(request: ApiRequest, pk: int, given: CustomerIn) -> Recipient:
    """What is left out becomes empty. What a recipient has beyond a customer stays."""
    recipient = editable_or_403(customers(), request.auth.user, pk=pk)
    replace_customer(recipient=recipient, given=Customer(**given.dict()))
    return customers().get(pk=pk)


@router.delete("/{int:pk}", response=answers({200: Removed}, 404), summary="Delete it")
def delete_customer(request: ApiRequest, pk: int) -> dict[str, int]:
    """Really, when it was never written to; otherwise it is archived, with its history."""
    recipient = editable_or_403(customers(), request.auth.user, pk=pk)
    deleted = RecipientService(request.auth.user).remove(recipient, now=timezone.now())
    return {"deleted": int(deleted), "archived": int(not deleted)}

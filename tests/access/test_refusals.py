"""A page that refuses says why: the row is another's, or the page is for others."""

from __future__ import annotations

import pytest

from tests.people import Cast

pytestmark = pytest.mark.django_db
NOT_YOURS = "You can’t change this"
NO_ACCESS = "You don't have access to this page"


def refused(cast: Cast, role: str, path: str, method: str = "get") -> str:
    answer = getattr(cast.client(role), method)(path)
    assert answer.status_code == 403
    content: bytes = answer.content
    return content.decode().replace("&#x27;", "'")


def test_somebody_elses_row_is_not_yours(cast: Cast) -> None:
    page = refused(cast, "manager", f"/mailings/{cast.mailing.pk}/edit/")
    assert NOT_YOURS in page and NO_ACCESS not in page


@pytest.mark.parametrize(
    ("role", "path"), [("owner", "/management/users/"), ("manager", "/admin/login/")]
)
def test_a_page_for_others_speaks_of_no_row(cast: Cast, role: str, path: str) -> None:
    page = refused(cast, role, path)
    assert NO_ACCESS in page and NOT_YOURS not in page


def test_a_refusal_of_the_domain_is_reported_in_its_own_words(cast: Cast) -> None:
    path = f"/management/users/{cast.manager.pk}/toggle/"
    assert "You may not block or unblock this user." in refused(cast, "manager", path, "post")

"""`/archive/`: what an owner shows to everybody. Nothing is counted, and nobody is known."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp
from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.paging import row_id
from apps.feedback.services.archive import ON_A_PAGE, Archive, Issue, archive_at, letter_at
from apps.feedback.views.letter import POLICY


def _archive_or_404(slug: str) -> Archive:
    found = archive_at(slug)
    if found is None:
        raise Http404
    return found


@method_decorator(never_cache, name="dispatch")  # what is withdrawn is gone at once
class ArchivePage(View):
    """The list of an owner's public mailings, the newest first."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        archive = _archive_or_404(slug)
        issues = archive.issues(before=row_id(request.GET.get("before", "")) or 0)
        older = issues[-1].run if len(issues) == ON_A_PAGE else None
        context = {"archive": archive, "issues": issues, "older": older}
        return render(request, "feedback/archive.html", context)


@method_decorator(never_cache, name="dispatch")
class ArchivedLetter(View):
    """One of them, under the policy of a letter in the browser."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, slug: str, mailing: str) -> HttpResponseBase:
        letter = letter_at(_archive_or_404(slug), mailing)
        if letter is None:
            raise Http404

        @csp(POLICY)
        def shown(request: HttpRequest) -> HttpResponseBase:
            context = {"letter": letter, "public": True}
            response = render(request, "feedback/letter.html", context)
            response["Referrer-Policy"] = "no-referrer"
            return response

        return shown(request)


class ArchiveFeed(Feed[Issue, Archive]):
    """The same list for feed readers."""

    @method_decorator([require_safe, never_cache])
    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().__call__(request, *args, **kwargs)

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Archive:
        return _archive_or_404(kwargs["slug"])

    def title(self, archive: Archive) -> str:
        return archive.title

    def link(self, archive: Archive) -> str:
        return archive.url

    def feed_url(self, archive: Archive) -> str:
        return f"{archive.url}feed.xml"

    def description(self, archive: Archive) -> str:
        return archive.title

    def items(self, archive: Archive) -> list[Issue]:
        return archive.issues()

    def item_title(self, item: Issue) -> str:
        return item.subject

    def item_description(self, item: Issue) -> str:
        return ""

    def item_link(self, item: Issue) -> str:
        return item.url

    def item_pubdate(self, item: Issue) -> Any:
        return item.sent_at

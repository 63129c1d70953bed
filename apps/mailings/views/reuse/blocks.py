"""The pages of saved blocks: the list, one of them, its versions, its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages as flash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from apps.core.errors import Refused
from apps.core.lists.filters import FilterForm, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.mailings.models import Message, SavedBlock, SavedBlockVersion
from apps.mailings.selectors.letters.saved_blocks import blocks_like, shown_blocks
from apps.mailings.selectors.letters.uses import places_with_block
from apps.mailings.services.letters.reuse.originals import copy_of
from apps.mailings.services.letters.reuse.saved_blocks import SavedBlockService, was_sent
from apps.mailings.views.previews import Frame
from apps.users.models import User

#: Versions that the page of a block lists.
_VERSIONS = 20


class BlockFilters(FilterForm):
    """What the list of saved blocks is asked for."""

    q = WordsFilter(longest=200, label=gettext_lazy("Name"))


class BlockList(OwnerFilterMixin, ListPage[SavedBlock, BlockFilters]):
    """A table, newest first, found by name."""

    page_template = "reuse/blocks.html"
    results_template_name = "reuse/blocks_results.html"
    filter_form = BlockFilters

    def get_table_columns(self) -> Sequence[TableColumn]:
        owner = TableColumn(name="owner", label=_("Owner"), sort="owner__email", phone="")
        return [
            TableColumn(name="name", label=_("Block"), sort="name", phone="lead"),
            TableColumn(name="used", label=_("Messages"), number=True, sort="used", phone="side"),
            TableColumn(name="updated", label=_("Updated"), sort="updated_at"),
            *([owner] if self.actor.sees_all else []),
        ]

    def get_queryset(self) -> OwnedQuerySet[SavedBlock]:
        return blocks_like(self.visible(shown_blocks()), self.filters.value("q"))


class BlockDetail(LoggingMixin, OwnerFilterMixin, TemplateView):
    """The block as it is shown, where it stands, and its versions. POST gives it another name."""

    template_name = "reuse/block.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        block = SavedBlockService(self.actor).visible_or_404(self.kwargs["pk"])
        versions = block.versions.select_related("author").defer("document")
        return super().get_context_data(
            saved=block,
            uses=places_with_block(block),
            versions=versions[:_VERSIONS],
            editable=block.owner_id == self.actor.pk,
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        blocks = SavedBlockService(self.actor)
        block = blocks.editable_or_403(pk)
        block.name = request.POST.get("name", "")
        try:
            blocks.save(block)
        except ValidationError as error:
            flash.error(request, " ".join(error.messages))
        else:
            flash.success(request, _("Saved."))
        return redirect("blocks:detail", pk=pk)


class BlockEdit(LoggingMixin, OwnerFilterMixin, View):
    """Leads to the editor of the block."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        block = SavedBlockService(self.actor).editable_or_403(pk)
        message = copy_of(block, cast(User, request.user))
        return redirect("messages:edit", pk=message.pk)


class BlockFrame(Frame):
    """The block in the look of its owner's brand; ``?number=``: one of its versions."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        rows = SavedBlock.objects.all()
        block = self.visible_or_404(rows, pk=pk)
        document = block.document
        number = request.GET.get("number", "")
        if number.isascii() and number.isdecimal() and len(number) < 10:
            versions = SavedBlockVersion.objects.filter(block=block)
            document = self.visible_or_404(versions, number=int(number)).document
        shown = Message(owner_id=block.owner_id, subject=block.name, document=_in_brand(document))
        return self.show_letter(shown, shown)


class BlockVersion(LoggingMixin, OwnerFilterMixin, TemplateView):
    """A block as it was once; POST makes it the newest version."""

    template_name = "reuse/block_version.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version = self._version()
        block = version.block
        return super().get_context_data(
            version=version,
            saved=block,
            uses=places_with_block(block),
            editable=block.owner_id == self.actor.pk and version.number != block.revision,
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        blocks = SavedBlockService(self.actor)
        blocks.editable_or_403(pk)
        blocks.restore_version(self._version())
        flash.success(request, _("Version restored."))
        return redirect("blocks:detail", pk=pk)

    def _version(self) -> SavedBlockVersion:
        rows = SavedBlockVersion.objects.select_related("block", "author")
        rows = rows.filter(block__archived_at=None)
        found = self.visible_or_404(rows, block_id=self.kwargs["pk"], number=self.kwargs["number"])
        return cast(SavedBlockVersion, found)


class BlockDelete(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Asks; of a block that messages have it says which, and deletes nothing."""

    template_name = "reuse/block_delete.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        block = SavedBlockService(self.actor).editable_or_403(self.kwargs["pk"])
        return super().get_context_data(
            saved=block, uses=places_with_block(block), archives=was_sent(block), **kwargs
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        blocks = SavedBlockService(self.actor)
        block = blocks.editable_or_403(pk)
        try:
            deleted = blocks.remove(block, now=timezone.now())
        except Refused as refusal:
            flash.error(request, str(refusal))
            return redirect("blocks:delete", pk=pk)
        if deleted:
            flash.success(request, _("Deleted."))
        else:
            undo = reverse("blocks:restore", args=[pk])
            flash.success(request, _("Block archived."), extra_tags=undo)
        return redirect("blocks:list")


class BlockRestore(LoggingMixin, OwnerFilterMixin, View):
    """Takes a block out of the archive."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        block = self.editable_or_403(SavedBlock.objects.all(), pk=pk)
        try:
            SavedBlockService(self.actor).restore(block)
        except ValidationError as error:
            flash.error(request, " ".join(error.messages))
            return redirect("blocks:list")
        flash.success(request, _("Restored from the archive."))
        return redirect("blocks:detail", pk=pk)


def _in_brand(document: dict[str, Any]) -> dict[str, Any]:
    """The document in the look of its owner's brand."""
    return {**document, "theme": {**document["theme"], "follows_brand": True}}

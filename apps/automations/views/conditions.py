"""The builder of segments within a form of an automation: a step's condition, the goal."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest

from apps.core.mixins import wants_fragment
from apps.core.paging import row_id
from apps.mailings.forms.segment_builder import Builder
from apps.mailings.segments import SegmentInvalid, checked
from apps.mailings.segments.tree import Node
from apps.mailings.selectors.segments import Offers, conditions_of, copyable
from apps.mailings.views.segments.pages import view_of
from apps.users.models import User

#: The button that saves; the others of the builder only change what is shown.
SAVE: Final = "save"


class ConditionBuilder:
    """The conditions as they stand in the form that was sent, or in the draft."""

    def __init__(self, request: HttpRequest, owner: User, tree: Any) -> None:
        self.request, self.owner, self.offers = request, owner, Offers(owner)
        self.act = request.POST.get("act", "")
        if request.method == "POST":
            self.builder = Builder.posted(request.POST, self.offers.kinds)
            self.builder.act(self.act)
            if self.act == "copy":
                self._copy()
        else:
            self.builder = self._of(tree)

    @property
    def saves(self) -> bool:
        """True if the form was sent to be saved."""
        return self.act == SAVE

    def read(self) -> Node | None:
        """The conditions, if they can be used; otherwise they are marked."""
        try:
            return checked(self.builder.tree(), self.owner)
        except SegmentInvalid as refused:
            self.builder.mark(refused.path, refused.why)
            return None

    def context(self) -> dict[str, Any]:
        """What the template of the builder shows."""
        return {
            "root": view_of(self.builder, self.builder.root, self.offers),
            "copyable": copyable(self.owner, but=None),
            "focus": self.builder.focus if wants_fragment(self.request) else "",
        }

    def _of(self, tree: Any) -> Builder:
        """The form of a draft's tree; one that cannot be used any more begins anew."""
        try:
            return Builder.of_tree(checked(tree, self.owner), self.offers.kinds)
        except SegmentInvalid:
            return Builder.fresh(self.offers.kinds)

    def _copy(self) -> None:
        found = conditions_of(self.owner, row_id(self.request.POST.get("copy_from", "")))
        if found is not None:
            self.builder.add_conditions(found)

"""The form that cuts a part out of a picture."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.mailings.models import MediaFile
from apps.mailings.services.media.cropping import Box

#: Width to height, by what is chosen; none: as the numbers say.
SHAPES: Final = {
    "1:1": (1, 1),
    "4:3": (4, 3),
    "3:2": (3, 2),
    "16:9": (16, 9),
    "2:1": (2, 1),
    "3:4": (3, 4),
}
#: The smallest part, in pixels.
_LEAST: Final = 16
_MIDDLE: Final = 50
_EDGES: Final = ("left", "top", "width", "height")


class CropForm(forms.Form):
    """A shape around a focus point, or four numbers. ``box`` is the part, once it is valid."""

    shape = forms.ChoiceField(label=_("Shape"), required=False)
    focus_x = forms.IntegerField(
        label=_("Focus point from the left, %"), min_value=0, max_value=100
    )
    focus_y = forms.IntegerField(label=_("Focus point from the top, %"), min_value=0, max_value=100)
    share = forms.IntegerField(
        label=_("Size, %"),
        min_value=5,
        max_value=100,
        help_text=_("100: the largest part of this shape."),
    )
    left = forms.IntegerField(label=_("Left edge, pixels"), min_value=0)
    top = forms.IntegerField(label=_("Top edge, pixels"), min_value=0)
    width = forms.IntegerField(label=_("Width, pixels"), min_value=_LEAST)
    height = forms.IntegerField(label=_("Height, pixels"), min_value=_LEAST)

    def __init__(self, data: Any = None, *, media: MediaFile) -> None:
        self._size = (media.width, media.height)
        whole = {"left": 0, "top": 0, "width": media.width, "height": media.height}
        usual = {"shape": "1:1", "focus_x": _MIDDLE, "focus_y": _MIDDLE, "share": 100}
        self._usual: dict[str, Any] = {**usual, **whole}
        super().__init__(data, initial=self._usual)
        shape: Any = self.fields["shape"]
        shape.choices = [*((name, name) for name in SHAPES), ("", _("Free, by the edges below"))]
        for name in _EDGES:
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not self._box(cleaned).fits(*self._size):
            self.add_error(None, _("This part does not lie within the picture."))
        return cleaned

    @property
    def box(self) -> Box:
        """The part that is chosen; before anything was, that of the usual values."""
        return self._box(self.cleaned_data if self.is_bound else self._usual)

    def _box(self, given: dict[str, Any]) -> Box:
        if shape := SHAPES.get(given["shape"]):
            focus = (given["focus_x"], given["focus_y"])
            return Box.around(self._size, shape, focus, given["share"])
        left, top, width, height = (
            self._usual[name] if given.get(name) is None else given[name] for name in _EDGES
        )
        return Box(left, top, width, height)

"""The page of an owner's brand, and the message that shows it."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages as flash
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from apps.core.errors import Refused
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import HtmxLoginRequiredMixin, LoggingMixin
from apps.core.paging import row_id
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.letters.brand_form import BrandForm, is_colour
from apps.mailings.models import Brand
from apps.mailings.selectors.letters.brand import brand_of
from apps.mailings.selectors.letters.writing import pictures_of
from apps.mailings.services.letters.previews import brand_sample
from apps.mailings.services.letters.reuse.brand import save_brand, skip_brand
from apps.mailings.services.media.renditions import COLOURS, picture_colours
from apps.mailings.services.media.uploads import take_upload
from apps.mailings.views.previews import Frame
from apps.users.models import User


class _BrandForm(HtmxLoginRequiredMixin):
    """One's own brand, and its form."""

    def brand(self) -> Brand:
        """What is saved; a plain one before anything was."""
        return brand_of(self.actor.pk) or Brand(owner_id=self.actor.pk)

    def form(self, data: Any = None, files: Any = None) -> BrandForm:
        brand = self.brand()
        return BrandForm(
            data,
            files,
            brand=brand.style,
            revision=brand.revision,
            pictures=pictures_of(self.actor),
        )


class BrandPage(CostlyMixin, LoggingMixin, _BrandForm, TemplateView):
    """The form beside a message in the look of the brand. ``next``: where the writer was going."""

    template_name = "reuse/brand.html"

    def is_costly(self, request: HttpRequest) -> bool:
        return bool(request.FILES) or request.POST.get("act") == "colors"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", self.form())
        return super().get_context_data(next_url=self._next(), **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        owner = cast(User, request.user)
        if request.POST.get("act") == "skip":
            skip_brand(owner=owner)
            return redirect(self._next() or "messages:create")
        if request.POST.get("act") == "colors" or "color" in request.POST:
            return self._coloured(owner)
        form = self.form(request.POST, request.FILES)
        if form.is_valid() and self._saved(owner, form):
            flash.success(request, _("Saved."))
            return redirect(self._next() or "brand:edit")
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _coloured(self, owner: User) -> HttpResponse:
        """The form as it was filled in, with colors of the logo; nothing of it is saved yet."""
        posted, problem = self.request.POST.copy(), ""
        proposed = [one for one in posted.getlist("proposed") if is_colour(one)][:COLOURS]
        if is_colour(colour := posted.get("color", "")):
            for name, value in self.form(posted).with_colour(colour).items():
                posted[name] = value
        else:
            try:
                proposed = self._proposed(owner, posted)
                problem = "" if proposed else _("No colors found in the logo.")
            except Refused as refusal:
                problem = refusal_text(refusal)
        form = self.form(posted)
        context = self.get_context_data(form=form, proposed=proposed, problem=problem)
        return self.render_to_response(context)

    def _proposed(self, owner: User, posted: QueryDict) -> list[str]:
        """The colors of the logo that was chosen; one that comes with the form is kept first.

        Raises MediaRefused, Busy, DiskFull.
        """
        upload = self.request.FILES.get("logo_file")
        if upload is not None:
            alt = posted.get("name", "") or posted.get("company", "")
            posted["logo"] = str(take_upload(owner=owner, upload=upload, alt=alt).pk)
        number = row_id(posted.get("logo", ""))
        return picture_colours(owner_id=owner.pk, media_id=number) if number else []

    def _saved(self, owner: User, form: BrandForm) -> bool:
        """False when it was refused; the form says why."""
        upload: UploadedFile[Any] | None = form.cleaned_data.get("logo_file")
        field: str | None = "logo_file"
        try:
            values = form.values()
            if upload is not None:
                alt = values["name"] or values["company"]
                values["logo"] = take_upload(owner=owner, upload=upload, alt=alt).pk
            field = None
            base = form.cleaned_data["revision"]
            save_brand(owner=owner, values=values, base_revision=base)
        except Refused as refusal:
            form.add_error(field, str(refusal))
            return False
        return True

    def _next(self) -> str:
        """The page of ours that leads here, and goes on afterwards."""
        url = self.request.POST.get("next") or self.request.GET.get("next", "")
        known = url_has_allowed_host_and_scheme(url, {self.request.get_host()})
        return url if known and url.startswith("/") else ""


class BrandFrame(_BrandForm, Frame):
    """A message in the look of the brand: as it is saved, or as it has been filled in."""

    only_shows = True

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._shown(self.form())

    def post(self, request: HttpRequest) -> HttpResponse:
        return self._shown(self.form(request.POST))

    def _shown(self, form: BrandForm) -> HttpResponse:
        is_filled = form.is_bound and form.is_valid()
        brand = form.filled_in() if is_filled else form.brand
        language = (get_language() or "").partition("-")[0]
        scheme: Any = "dark" if "dark" in self.request.POST else "light"
        shown = brand_sample(self.actor.pk, brand, language, scheme)
        return render(self.request, "messages/letter/frame.html", {"shown": shown})

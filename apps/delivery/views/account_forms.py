"""Superusers add, change and remove sending accounts: the pages write ``.env`` itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from apps.core.errors import Refused
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import LoggingMixin, SuperuserRequiredMixin, wants_fragment
from apps.core.text.formatting import in_words
from apps.delivery.account_editing import check_account, remove_account, save_account
from apps.delivery.account_settings.declarations import (
    EnvironmentUnwritable,
    EnvironmentWrong,
    declarations,
    lines_of,
)
from apps.delivery.account_settings.presets import PRESETS, Preset
from apps.delivery.channels import KINDS
from apps.delivery.channels.kinds import ChannelKind
from apps.delivery.forms import AccountForm
from apps.delivery.views.accounts import card_or_404

#: The kinds that a page may declare, without those that are reached by a preset.
KINDS_OFFERED: Final = [name for name, kind in KINDS.items() if not kind.loads_code]


@dataclass(frozen=True, slots=True)
class Check:
    """What came of a check. ``text`` is what was wrong."""

    works: bool
    text: str = ""


class _AccountFormView(LoggingMixin, SuperuserRequiredMixin, CostlyMixin, TemplateView, ABC):
    """The form; "Test" connects and signs in, "Save" does so too, and then writes the file."""

    template_name = "delivery/account_form.html"

    def is_costly(self, request: HttpRequest) -> bool:
        return request.method == "POST"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form(request.POST)
        testing = request.POST.get("act") == "test"
        check = self._check(form) if form.is_valid() else None
        if testing and wants_fragment(request):
            self.template_name = "delivery/account_test.html"
        elif not testing and check is not None and (check.works or request.POST.get("untested")):
            try:
                save_account(form.account, form.values, works=check.works)
            except EnvironmentUnwritable as refusal:
                lines = lines_of(form.account, form.values)
                return self._shown(form, check, lines=lines, refusal=refusal)
            except EnvironmentWrong as refusal:
                return self._shown(form, check, problems=refusal.lines, refusal=refusal)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                text = _(
                    "Account %(name)s saved. It is in use within 5 seconds, without a restart."
                )
                messages.success(request, text % {"name": form.account})
                return redirect("sending:accounts")
        return self._shown(form, check)

    @abstractmethod
    def form(self, data: Any = None) -> AccountForm:
        """The form of this account."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("writable", declarations().can_write())
        return super().get_context_data(**kwargs)

    def _shown(self, form: AccountForm, check: Check | None, **more: Any) -> HttpResponse:
        context = self.get_context_data(form=form, check=check, **more)
        return self.render_to_response(context)

    @staticmethod
    def _check(form: AccountForm) -> Check:
        try:
            error = check_account(form.account, form.values)
        except Refused as refusal:
            return Check(works=False, text=str(refusal))
        return Check(works=not error, text=in_words(error) if error else "")


class AccountNew(_AccountFormView):
    """A new account: first which provider, or which kind of server, then its keys."""

    def get_template_names(self) -> list[str]:
        return [self.template_name if self._kind is not None else "delivery/account_choice.html"]

    def form(self, data: Any = None) -> AccountForm:
        kind, preset = self._kind, self._preset
        if kind is None:
            raise Http404
        form = AccountForm(data, kind=kind, name="", written={}, others=list(settings.ACCOUNTS))
        for key, value in preset.keys.items() if preset is not None else ():
            if key in form.fields:
                form.fields[key].initial = value
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self._kind is not None:
            kwargs.setdefault("form", self.form())
        known = list(PRESETS.values())
        return super().get_context_data(
            presets=[one for one in known if one.kind == "smtp"],
            sms_presets=[one for one in known if one.kind == "sms"],
            kinds=KINDS_OFFERED,
            preset=self._preset,
            **kwargs,
        )

    @property
    def _preset(self) -> Preset | None:
        return PRESETS.get(self.request.GET.get("preset", ""))

    @property
    def _kind(self) -> ChannelKind | None:
        preset = self._preset
        name = preset.kind if preset is not None else self.request.GET.get("kind", "")
        return KINDS[name] if name in KINDS_OFFERED else None


class AccountEdit(_AccountFormView):
    """The keys of an account that ``.env`` declares."""

    def form(self, data: Any = None) -> AccountForm:
        name, written = declared_or_404(self.kwargs["name"])
        kind = KINDS[written["kind"]]
        return AccountForm(
            data, kind=kind, name=name, written=written, others=list(settings.ACCOUNTS)
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", self.form())
        return super().get_context_data(**{**kwargs, "name": self.kwargs["name"]})


class AccountRemove(LoggingMixin, SuperuserRequiredMixin, TemplateView):
    """Asks first, and says which runs are sent by it."""

    template_name = "delivery/account_remove.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        name, _written = declared_or_404(self.kwargs["name"])
        return super().get_context_data(card=card_or_404(name), **kwargs)

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        name, written = declared_or_404(name)
        try:
            remove_account(name)
        except Refused as refusal:
            lines = lines_of(name, written) if isinstance(refusal, EnvironmentUnwritable) else []
            return self.render_to_response(self.get_context_data(refusal=refusal, lines=lines))
        messages.success(request, _("Account %(name)s removed.") % {"name": name})
        return redirect("sending:accounts")


def declared_or_404(name: str) -> tuple[str, Mapping[str, str]]:
    """The name and the keys of an account that has keys of its own in the file, or 404."""
    try:
        written = declarations().keys_of(name)
    except EnvironmentWrong:
        written = {}
    if written.get("kind") not in KINDS:
        raise Http404
    return name, written

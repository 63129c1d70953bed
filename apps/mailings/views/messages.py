"""The pages of messages: list, one of them, the editor, versions, and a letter to oneself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.generic import CreateView, TemplateView, UpdateView, View

from apps.core.content.hints import UNSUBSCRIBE, hints
from apps.core.errors import Refused
from apps.core.lists.filters import ChoiceFilter, FilterForm, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnedFormMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.core.text.formatting import refusal_text
from apps.mailings.forms.messages import MessageForm
from apps.mailings.models import Message, MessageVersion
from apps.mailings.models.content import Form
from apps.mailings.selectors.mailings import listed
from apps.mailings.selectors.messages import (
    beginning_of,
    draft_of,
    field_choices,
    messages_like,
    restorable_messages,
    shown_messages,
    template_names,
    with_preview,
)
from apps.mailings.services.languages.translations import languages_of
from apps.mailings.services.letters.draft_operations import DraftMoved
from apps.mailings.services.letters.hints import letter_hints
from apps.mailings.services.letters.unsubscribing import insert_footer
from apps.mailings.services.messages import (
    MessageChanged,
    MessageService,
    discard_draft,
    duplicate_message,
    insert_unsubscribe_link,
    restore_version,
)
from apps.users.models import User

#: What a list of versions does not need.
_BODIES: Final = ("text", "html", "document", "translations")


class MessageFilters(FilterForm):
    """What the list of messages is asked for."""

    q = WordsFilter(longest=200, label=gettext_lazy("Subject"))
    state = ChoiceFilter(
        [("", gettext_lazy("Active")), ("archived", pgettext_lazy("recipients", "Archived"))],
        label=gettext_lazy("Status"),
    )


class MessageList(OwnerFilterMixin, ListPage[Message, MessageFilters]):
    """A table, newest first, found by subject."""

    page_template = "messages/list.html"
    results_template_name = "messages/list_results.html"
    filter_form = MessageFilters

    def get_table_columns(self) -> Sequence[TableColumn]:
        owner = TableColumn(name="owner", label=_("Owner"), sort="owner__email", phone="")
        return [
            TableColumn(name="subject", label=_("Message"), sort="name", phone="lead"),
            TableColumn(name="status", label=_("Status"), phone="side"),
            TableColumn(name="used", label=_("Mailings"), number=True, sort="used"),
            TableColumn(name="sent", label=_("Last sent"), sort="last_used"),
            TableColumn(name="updated", label=_("Updated"), sort="updated_at"),
            *([owner] if self.actor.sees_all else []),
            TableColumn(name="id", label="ID", number=True, sort="pk", shown=False),
        ]

    def get_queryset(self) -> OwnedQuerySet[Message]:
        rows = shown_messages(archived=self.filters.value("state") == "archived")
        found = messages_like(self.visible(rows), self.filters.value("q"))
        return with_preview(found, self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.get_page()
        rows = [(row, beginning_of(row)) for row in page.rows]
        return super().get_context_data(page=page, rows=rows, **kwargs)


class MessageDetail(OwnerFilterMixin, TemplateView):
    """The message in a frame, its hints, its versions, and the mailings that use it."""

    template_name = "messages/detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        message = self.visible_or_404(shown_messages(), pk=self.kwargs["pk"])
        if message.of_block_id is not None:
            return redirect("blocks:detail", pk=message.of_block_id)
        if message.of_template_id is not None:
            return redirect("templates:edit", pk=message.of_template_id)
        return self.render_to_response(self.get_context_data(message=message, **kwargs))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        message = kwargs["message"]
        known = template_names(message.owner_id)
        found = (
            letter_hints(message)
            if message.document is not None
            else hints(message.subject, message.text, message.html, known=known)
        )
        return super().get_context_data(
            complete=not any(hint.grave for hint in found),
            editable=message.owner_id == self.actor.pk and message.archived_at is None,
            restorable=message.owner_id == self.actor.pk
            and message.archived_at is not None
            and restorable_messages().filter(pk=message.pk).exists(),
            hints=found,
            languages=languages_of(message),
            attachments=message.attachments.all(),
            personal_files=message.personal_files.all(),
            versions=message.versions.select_related("author").defer(*_BODIES)[:20],
            mailings=listed(message.mailings.filter(archived_at=None)).order_by("-pk")[:20],
            **kwargs,
        )


class _MessageForm(LoggingMixin, OwnedFormMixin):
    rows = Message.objects.filter(archived_at=None)

    def get_initial(self) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_initial()  # type: ignore[misc]
        draft = self.draft() if self.request.GET.get("draft") == "1" else None
        if draft is not None:
            initial |= {name: getattr(draft, name) for name in MessageForm.Meta.fields}
        return initial

    @property
    def plain(self) -> bool:
        """True for a text without HTML."""
        raise NotImplementedError

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "plain": self.plain}

    def draft(self) -> Any:
        return draft_of(cast(Any, self).object, cast(User, self.request.user))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(  # type: ignore[misc]
            fields=field_choices(self.actor.pk),
            draft=self.draft() if self.request.method == "GET" else None,
            draft_shown=self.request.GET.get("draft") == "1",
            **kwargs,
        )
        return context

    def form_valid(self, form: MessageForm) -> HttpResponse:
        form.instance.owner = self.request.user
        message = form.instance
        base = form.cleaned_data["base_revision"]
        try:
            MessageService(self.actor).save(message, base_revision=base)
        except MessageChanged:
            saved = Message.objects.get(pk=message.pk)
            if any(getattr(saved, name) != form.cleaned_data[name] for name in form.Meta.fields):
                return self._ask(form)
        flash.success(self.request, _("Saved."))
        if self.request.POST.get("then") == "mailing":
            return redirect(f"{reverse('mailings:create')}?message={message.pk}")
        return redirect("messages:detail", pk=message.pk)

    def _ask(self, form: MessageForm) -> HttpResponse:
        """Two have written: show both, and lose neither."""
        saved = Message.objects.get(pk=form.instance.pk)
        data = cast(QueryDict, form.data).copy()
        data["base_revision"] = str(saved.revision)
        mine = MessageForm(data, instance=saved, owner=self.request.user)
        context = {"saved": Message.objects.get(pk=saved.pk), "form": mine, "message": saved}
        return render(self.request, "messages/conflict.html", context, status=409)


class MessageCreate(_MessageForm, CreateView[Message, MessageForm]):
    """A new message of one's own, which ends with a link to unsubscribe unless that is removed."""

    model = Message
    form_class = MessageForm
    template_name = "messages/form.html"

    @property
    def plain(self) -> bool:
        return self.request.GET.get("form") == Form.TEXT

    def get_initial(self) -> dict[str, Any]:
        label = _("Unsubscribe")
        begun = {"text": f"\n\n{label}: {{{{ unsubscribe_url }}}}\n"}
        if not self.plain:
            link = f'<a href="{{{{ unsubscribe_url }}}}">{label}</a>'
            begun = {"html": f"<p><br></p><p>{link}</p>"}
        return {**begun, **super().get_initial()}


class MessageEdit(_MessageForm, UpdateView[Message, MessageForm]):
    """The form of a text or of HTML."""

    model = Message
    form_class = MessageForm
    template_name = "messages/form.html"

    @property
    def plain(self) -> bool:
        return self.object.form == Form.TEXT


class MessageFix(LoggingMixin, OwnerFilterMixin, View):
    """Does what a suggestion offers."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = MessageService(self.actor).editable_or_403(pk)
        if request.POST.get("fix") != UNSUBSCRIBE:
            raise Http404
        author = cast(User, request.user)
        try:
            if insert_footer(message=message, author=author, now=timezone.now()):
                flash.success(request, _("Unsubscribe link inserted in your draft. Save it."))
                return redirect("messages:edit", pk=pk)
        except DraftMoved as moved:
            flash.error(request, refusal_text(moved))
            return redirect("messages:edit", pk=pk)
        insert_unsubscribe_link(message=message, author=author)
        flash.success(request, _("Unsubscribe link inserted."))
        return redirect("messages:detail", pk=pk)


class MessageDelete(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Asks, and says whether mailings make it an archiving."""

    template_name = "delete_page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        message = MessageService(self.actor).editable_or_403(self.kwargs["pk"])
        archives = message.mailings.exists()
        if archives:
            word = _(
                "Mailings use this message: it goes to the archive, and they keep what they send."
            )
        else:
            word = _(
                "No mailing uses this message: it will be deleted for good, with all its versions."
            )
        return super().get_context_data(
            heading=_("Archive this message?") if archives else _("Delete this message?"),
            object=message,
            consequences=[word],
            archives=archives,
            back_url=reverse("messages:detail", args=[message.pk]),
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = MessageService(self.actor).editable_or_403(pk)
        try:
            deleted = MessageService(self.actor).remove(message, now=timezone.now())
        except Refused as refusal:
            flash.error(request, str(refusal))
            return redirect("messages:detail", pk=pk)
        if deleted:
            flash.success(request, _("Deleted."))
        else:
            undo = reverse("messages:restore", args=[pk])
            flash.success(request, _("Message archived."), extra_tags=undo)
        return redirect("messages:list")


class MessageRestore(LoggingMixin, OwnerFilterMixin, View):
    """Takes a message out of the archive."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self.editable_or_403(restorable_messages(), pk=pk)
        MessageService(self.actor).restore(message)
        flash.success(request, _("Restored from the archive."))
        return redirect("messages:detail", pk=pk)


class MessageDuplicate(LoggingMixin, OwnerFilterMixin, View):
    """A copy to go on from."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = MessageService(self.actor).editable_or_403(pk)
        copy = duplicate_message(message=message, author=cast(User, request.user))
        return redirect("messages:edit", pk=copy.pk)


class MessageDiscard(LoggingMixin, OwnerFilterMixin, View):
    """Forget the draft of this message."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self.editable_or_403(Message.objects.filter(archived_at=None), pk=pk)
        discard_draft(message=message, author=cast(User, request.user))
        return redirect("messages:edit", pk=pk)


class VersionDetail(OwnerFilterMixin, TemplateView):
    """A message as it was once; POST makes it the newest version."""

    template_name = "messages/version.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version = self._version()
        message = version.message
        return super().get_context_data(
            version=version,
            message=message,
            editable=message.owner_id == self.actor.pk
            and message.archived_at is None
            and version.number != message.revision,
            **kwargs,
        )

    def _version(self) -> MessageVersion:
        rows = MessageVersion.objects.select_related("message", "author")
        found = self.visible_or_404(
            rows, message_id=self.kwargs["pk"], number=self.kwargs["number"]
        )
        return cast(MessageVersion, found)

    def post(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        MessageService(self.actor).editable_or_403(pk)
        restore_version(version=self._version(), author=cast(User, request.user))
        flash.success(request, _("Version restored."))
        return redirect("messages:detail", pk=pk)

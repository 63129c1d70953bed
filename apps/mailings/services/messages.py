"""What people do to their messages. Every save of the content leaves a version behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.content.blocks.editing.places import with_footer
from apps.core.content.sheet import off_its_sheet, on_a_sheet
from apps.core.content.translation import Translations
from apps.core.contracts import Actor
from apps.core.deletion.uses import check_unused
from apps.core.errors import Refused
from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.mailings.models import Attachment, Message, MessageDraft, MessageVersion, PersonalFile
from apps.mailings.models.content import CONTENT_FIELDS, NO_COPY, content_of, form_of
from apps.mailings.services.languages.translations import keep_translations, translations_of
from apps.mailings.services.media.uses import record_uses
from apps.users.models import User


class MessageChanged(Refused):
    """Somebody saved another version since this one was opened."""

    code = "message_changed"


class MessageService(BaseCRUDService[Message]):
    """An author's messages."""

    def rows(self) -> OwnedQuerySet[Message]:
        """Messages that are not in the archive, and no copies of anything."""
        return Message.objects.filter(NO_COPY, archived_at=None)

    @transaction.atomic
    def save(
        self,
        row: Message,
        *,
        base_revision: int | None = None,
        translations: Translations | None = None,
    ) -> Message:
        """Save content that was checked over the revision it was written from (None: the row's
        own), and keep it as a version. ``translations``: None leaves them as they are.

        Raises MessageChanged when there is a newer one; then nothing is saved.
        """
        if row.pk is None:
            row.save()
        else:
            base = row.revision if base_revision is None else base_revision
            same = Message.objects.select_for_update().filter(pk=row.pk, revision=base)
            before = same.values("name", "subject").first()
            if before is None:
                text = _("Somebody has saved another version of this message meanwhile.")
                raise MessageChanged(text)
            _rename(row, **before)
            row.revision = base + 1
            _save_content(row)
        if translations is not None:
            keep_translations(row, translations)
        _keep_version(row, self.actor)
        _discard_saved(row, self.actor)
        return row

    def remove(self, row: Message, *, now: datetime) -> bool:
        """Delete a message that no mailing uses; archive one that some do. True when deleted.

        Raises StillUsed.
        """
        check_unused(row)
        if row.mailings.exists():
            row.archived_at = now
            row.save(update_fields=["archived_at", "updated_at"])
            return False
        row.delete()
        return True

    def restore(self, row: Message) -> None:
        """Take a message out of the archive."""
        row.archived_at = None
        row.save(update_fields=["archived_at", "updated_at"])


def _rename(message: Message, *, name: str, subject: str) -> None:
    """A message that is called by its subject goes on to be called so."""
    if not message.name or (message.name == name and name == subject[:200]):
        message.name = message.subject[:200]


def _save_content(message: Message) -> None:
    message.form = form_of(html=message.html, document=message.document)
    message.save(update_fields=[*CONTENT_FIELDS, "revision", "updated_at"])


def _discard_saved(message: Message, author: Actor) -> None:
    """Forget what was typed, but for a draft of blocks that says something else than was saved."""
    drafts = MessageDraft.objects.filter(owner_id=author.pk, message=message)
    draft = drafts.filter(document__isnull=False).first()
    if draft is None or (
        content_of(draft) == content_of(message)
        and translations_of(draft) == translations_of(message)
    ):
        discard_draft(message=message, author=author)


def _keep_version(message: Message, author: Actor) -> None:
    """Keep the content as a version, and which pictures it shows now."""
    record_uses(message)
    MessageVersion.objects.create(
        message=message,
        number=message.revision,
        author_id=author.pk,
        translations=translations_of(message),
        **content_of(message),
    )


@transaction.atomic
def restore_version(*, version: MessageVersion, author: User) -> Message:
    """Make an older version the newest one. Nothing is lost: the present one stays a version."""
    message = Message.objects.select_for_update().get(pk=version.message_id)
    for name, value in content_of(version).items():
        setattr(message, name, value)
    message.name = message.name or message.subject[:200]  # a version from before there were names
    message.revision += 1
    _save_content(message)
    keep_translations(message, version.translations)
    _keep_version(message, author)
    return message


@transaction.atomic
def insert_unsubscribe_link(*, message: Message, author: User) -> Message:
    """Put a link to unsubscribe under the message, as its newest version."""
    label = _("Unsubscribe")
    saved = Message.objects.select_for_update().get(pk=message.pk)
    if saved.document is not None:
        saved.document = with_footer(saved.document)
        return MessageService(author).save(saved)
    if saved.html.strip():
        plain, link = off_its_sheet(saved.html), f'<a href="{{{{ unsubscribe_url }}}}">{label}</a>'
        before, end, after = plain.rpartition("</body>")
        under = f"<p>{link}</p>"
        saved.html = on_a_sheet(f"{before}{under}{end}{after}" if end else f"{plain}{under}")
    if saved.text.strip() or not saved.html.strip():
        saved.text = f"{saved.text.rstrip()}\n\n{label}: {{{{ unsubscribe_url }}}}\n".lstrip()
    return MessageService(author).save(saved)


@transaction.atomic
def duplicate_message(*, message: Message, author: User) -> Message:
    """A copy of the content as a new message of the author's."""
    content = content_of(message)
    for name, most in (("subject", 255), ("name", 200)):
        if content[name]:
            content[name] = (_("%(subject)s (copy)") % {"subject": content[name]})[:most]
    copy = Message.objects.create(owner=author, **content)
    Attachment.objects.bulk_create(
        Attachment(
            message=copy,
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
        )
        for file in message.attachments.all()
    )
    PersonalFile.objects.bulk_create(
        PersonalFile(
            message=copy,
            name=file.name,
            required=file.required,
            source=file.source,
            origin=file.origin,
        )
        for file in message.personal_files.all()
    )
    keep_translations(copy, translations_of(message))
    _keep_version(copy, author)
    return copy


def keep_draft(
    *, message: Message | None, author: User, base_revision: int, content: dict[str, Any]
) -> MessageDraft:
    """Keep what was typed and not saved yet, good or not: one draft per message and writer.

    It is one of a text or of HTML, in the place of one of blocks as well: no editor would find it
    again otherwise.
    """
    form = form_of(html=content.get("html", ""), document=None)
    values = {"base_revision": base_revision, "form": form, "document": None, **content}
    draft, made = MessageDraft.objects.update_or_create(
        owner=author, message=message, defaults=values
    )
    if not made:
        draft.steps.all().delete()
    return draft


def discard_draft(*, message: Message | None, author: Actor) -> None:
    """Forget what was typed; for a saved new message, the draft of a new one as well."""
    drafts = MessageDraft.objects.filter(owner_id=author.pk)
    drafts.filter(message=message).delete()
    if message is not None and message.revision == 1:
        drafts.filter(message=None).delete()

"""Who: the user, who signs in by email."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import AbstractUser, Permission, UserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.acting import Kind
from apps.core.audit.acts import Act
from apps.core.audit.models import AuditedModel, AuditedQuerySet
from apps.core.audit.rule import AuditRule
from apps.core.contracts import Actor
from apps.core.models import OwnedQuerySet

MANAGERS = "Managers"
#: What a manager may do that others may not.
RIGHTS = frozenset(
    {
        "users.view_all_data",
        "users.block_user",
        "mailings.toggle_mailing",
        "automations.toggle_automation",
    }
)


class UserQuerySet(AuditedQuerySet["User"]):
    """Rows of users. Whatever changes an email changes the username with it."""

    def update(self, **fields: Any) -> int:
        if "email" in fields:
            fields["username"] = fields["email"] = _lower(fields["email"])
        return super().update(**fields)


class EmailUserManager(UserManager["User"]):
    """Creates users by email alone; the username follows from it."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def create_user(  # type: ignore[override]
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        return super().create_user(email, email, password, **fields)

    def create_superuser(  # type: ignore[override]
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        """A superuser made at the console, whose address needs no mail to be believed."""
        user = super().create_superuser(email, email, password, **fields)
        EmailAddress.objects.update_or_create(
            user=user, email=user.email, defaults={"verified": True, "primary": True}
        )
        return user


class User(AuditedModel, AbstractUser):
    """A person who signs in by email. ``username`` always equals the email."""

    # A sign-in has an entry of its own.
    audit = AuditRule(name="email", quiet=frozenset({"last_login", "username"}))

    username: models.CharField[str, str] = models.CharField(
        _("username"), max_length=254, unique=True, editable=False
    )
    email: models.EmailField[str, str] = models.EmailField(_("email"), unique=True)
    avatar: models.ImageField = models.ImageField(_("avatar"), upload_to="avatars/", blank=True)
    phone: models.CharField[str, str] = models.CharField(_("phone"), max_length=20, blank=True)
    country: models.CharField[str, str] = models.CharField(_("country"), max_length=60, blank=True)

    time_zone: models.CharField[str, str] = models.CharField(
        _("time zone"), max_length=64, blank=True, help_text=_("Empty: the zone of the site.")
    )

    awaits_approval: models.BooleanField[bool, bool] = models.BooleanField(
        _("waits for approval"), default=False, editable=False
    )

    on_probation: models.BooleanField[bool, bool] = models.BooleanField(
        _("new, sends little"),
        default=False,
        help_text=_("LIMIT_PER_NEW_USER_DAY holds until somebody takes this off."),
    )

    class Approval(models.TextChoices):
        """Which of somebody's mailings a second person approves."""

        OFF = "off", pgettext_lazy("approval", "none")
        LARGE = "large", pgettext_lazy("approval", "those to many recipients")
        ALWAYS = "always", pgettext_lazy("approval", "all")

    approval: models.CharField[str, str] = models.CharField(
        _("mailings to be approved"),
        max_length=6,
        choices=Approval.choices,
        blank=True,
        default="",
        db_default="",
        help_text=_("Empty: as APPROVAL says."),
    )

    #: Django's own, unknown to its stubs: a password that was set and is not saved yet.
    _password: str | None
    _password_taken = False

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[EmailUserManager] = EmailUserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        permissions = [
            ("view_all_data", "Can see the data of all users"),
            ("block_user", "Can block and unblock users"),
        ]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.email

    def set_unusable_password(self) -> None:
        """Take the password away, and the tokens that it gave with it."""
        self._password_taken = True
        super().set_unusable_password()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; the username goes with the email, and a new password ends all API tokens."""
        self.username = self.email = self.email.lower()
        fields = kwargs.get("update_fields")
        if fields is not None and "email" in fields:
            kwargs["update_fields"] = {*fields, "username"}
        # Django sets _password where a password is changed, not where its hash is renewed.
        changed = self._password is not None or self._password_taken
        kept = not self._state.adding
        super().save(*args, **kwargs)
        self._password_taken = False
        if changed and kept:
            self.api_tokens.filter(revoked_at=None).update(revoked_at=timezone.now())

    @cached_property
    def sees_all(self) -> bool:
        """True for superusers and managers: they see everybody's rows (Actor in core)."""
        return "users.view_all_data" in self.rights

    @cached_property
    def rights(self) -> frozenset[str]:
        """Those of a manager's rights that the user has.

        ``has_perm`` would read every permission of the user, in two queries, for each page.
        """
        if not self.is_active or self.is_superuser:
            return RIGHTS if self.is_active else frozenset()
        names = [right.partition(".")[2] for right in RIGHTS]
        mine = Q(user=self.pk) | Q(group__user=self.pk)
        held = Permission.objects.filter(mine, codename__in=names)
        found = held.values_list("content_type__app_label", "codename")
        return RIGHTS & {f"{app}.{name}" for app, name in found}


def _lower(email: Any) -> Any:
    return email.lower() if isinstance(email, str) else Lower(email)


class Notification(models.Model):
    """Something that a user should know; one for each subject (``key``).

    ``code`` and ``facts`` are kept, not words: each reader has an own language.
    """

    owner: models.ForeignKey[User, User] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notifications",
        verbose_name=_("owner"),
        db_index=False,
    )
    code: models.CharField[str, str] = models.CharField(_("code"), max_length=40)
    facts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    key: models.CharField[str, str] = models.CharField(max_length=120)
    created_at: models.DateTimeField[Any, Any] = models.DateTimeField(auto_now_add=True)
    read_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["owner"],
                name="notification_unread",
                condition=models.Q(read_at__isnull=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="notification_once"),
        ]

    def __str__(self) -> str:
        return self.code


class ApiToken(AuditedModel):
    """A key to the API. Only its SHA-256 is kept; the key itself is shown once, when it is made.

    It ends with the password of then, like a session: User.save and services.toggle_active end it.
    """

    audit = AuditRule(name="name", quiet=frozenset({"last_used_at"}))

    class Scope(models.TextChoices):
        READ = "read", _("reads only")
        WRITE = "write", _("reads and changes")
        AGENT = "agent", _("prepares, and asks a person to start")

    owner: models.ForeignKey[User, User] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="api_tokens",
        verbose_name=_("owner"),
    )
    name: models.CharField[str, str] = models.CharField(_("name"), max_length=80)
    digest: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    scope: models.CharField[str, str] = models.CharField(
        _("scope"), max_length=5, choices=Scope.choices, default=Scope.WRITE
    )
    created_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("created"))
    expires_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("valid until"))
    last_used_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("last used"), null=True, blank=True
    )
    revoked_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("revoked"), null=True, blank=True
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name


class FormSubmission(models.Model):
    """A form of the site that was sent, by the digest of its key, and where its answer led to.

    ``done_at`` is empty while the first request is being carried out; ``location`` is empty when
    the answer was a page that is shown only once.
    """

    owner: models.ForeignKey[User, User] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key: models.CharField[str, str] = models.CharField(max_length=64)
    content: models.CharField[str, str] = models.CharField(max_length=64)
    location: models.TextField[str, str] = models.TextField(blank=True)
    created_at: models.DateTimeField[Any, Any] = models.DateTimeField(db_index=True)
    done_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("form that was sent")
        verbose_name_plural = _("forms that were sent")
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="form_submission_once"),
        ]

    def __str__(self) -> str:
        return self.key


class KeptForm(models.Model):
    """What somebody had typed when the session ended; shown again after the next sign-in."""

    owner: models.ForeignKey[User, User] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    path: models.CharField[str, str] = models.CharField(max_length=500)
    data: models.TextField[str, str] = models.TextField()
    created_at: models.DateTimeField[Any, Any] = models.DateTimeField(db_index=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("kept form")
        verbose_name_plural = _("kept forms")
        constraints = [
            models.UniqueConstraint(fields=["owner", "path"], name="kept_form_once"),
        ]

    def __str__(self) -> str:
        return self.path


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, actor: Actor) -> Self:
        """All for those who oversee, none for the others: not even what they did themselves."""
        return self if actor.sees_all else self.none()


class AuditEntry(models.Model):
    """Who did what to what, written once: the database refuses to change or delete it.

    It points at nothing by a foreign key, for it outlives whatever it is about. ``changes`` holds
    the changed fields, each with its value before and after; ``count`` is more than one where many
    rows were written at once, and then no object is named.
    """

    at: models.DateTimeField[Any, Any] = models.DateTimeField(_("when"))
    act: models.CharField[str, str] = models.CharField(pgettext_lazy("audit", "act"), max_length=20)
    kind: models.CharField[str, str] = models.CharField(
        pgettext_lazy("audit", "acted as"), max_length=10
    )
    user_id: models.BigIntegerField[Any, Any] = models.BigIntegerField(_("user"), null=True)
    name: models.CharField[str, str] = models.CharField(
        pgettext_lazy("audit", "who"), max_length=254
    )
    token_id: models.BigIntegerField[Any, Any] = models.BigIntegerField(_("API token"), null=True)
    ip: models.GenericIPAddressField[Any, Any] = models.GenericIPAddressField(
        _("IP address"), null=True
    )
    client: models.CharField[str, str] = models.CharField(
        pgettext_lazy("audit", "program"), max_length=40
    )
    object_type: models.CharField[str, str] = models.CharField(_("kind"), max_length=60)
    object_id: models.BigIntegerField[Any, Any] = models.BigIntegerField("ID", null=True)
    object_name: models.CharField[str, str] = models.CharField(_("name"), max_length=200)
    count: models.PositiveBigIntegerField[Any, Any] = models.PositiveBigIntegerField(
        pgettext_lazy("audit", "how many"), default=1
    )
    changes: models.JSONField[Any, Any] = models.JSONField(_("changes"), default=dict)
    details: models.JSONField[Any, Any] = models.JSONField(_("details"), default=dict)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["user_id", "id"], name="audit_user"),
            models.Index(fields=["object_type", "object_id", "id"], name="audit_object"),
            models.Index(fields=["act", "id"], name="audit_act"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.object_type} {self.object_id or ''}".strip()

    @property
    def act_label(self) -> str:
        """The act in words; one of a later version by its code."""
        return str(dict(Act.choices).get(self.act, self.act))

    @property
    def kind_label(self) -> str:
        """As what it was done, in words."""
        return str(dict(Kind.choices).get(self.kind, self.kind))


class AuditOpening(models.Model):
    """Lets its own transaction remove old entries, or empty those about an erased person.

    A row of it is never committed: the triggers of the audit log let through who sees one.
    """

    reason: models.CharField[str, str] = models.CharField(max_length=20)

    class Meta:
        verbose_name = _("opening of the audit log")
        verbose_name_plural = _("openings of the audit log")

    def __str__(self) -> str:
        return self.reason

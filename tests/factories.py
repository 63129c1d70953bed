"""Rows for the tests, with sensible defaults."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.mailings.models import Mailing, Message, Recipient, Suppression, Tag
from apps.users.models import User

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@example.org")
    password = factory.django.Password(PASSWORD)


class TagFactory(DjangoModelFactory[Tag]):
    class Meta:
        model = Tag

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"tag-{n}")


class RecipientFactory(DjangoModelFactory[Recipient]):
    class Meta:
        model = Recipient
        skip_postgeneration_save = True

    owner = factory.SubFactory(UserFactory)
    email = factory.Sequence(lambda n: f"anna{n}@example.org")
    full_name = factory.Sequence(lambda n: f"Анна {n}")
    time_zone = "Europe/Moscow"


class SuppressionFactory(DjangoModelFactory[Suppression]):
    class Meta:
        model = Suppression

    owner = factory.SubFactory(UserFactory)
    address = factory.Sequence(lambda n: f"gone{n}@example.org")


class MessageFactory(DjangoModelFactory[Message]):
    class Meta:
        model = Message

    owner = factory.SubFactory(UserFactory)
    subject = "Новости для {{ full_name }}"
    text = "Здравствуйте, {{ full_name }}!\n\nОтписаться: {{ unsubscribe_url }}\n"
    html = "<p>Здравствуйте, {{ full_name }}!</p><p><a href='{{ unsubscribe_url }}'>Отписаться</a></p>"


class MailingFactory(DjangoModelFactory[Mailing]):
    """A mailing inside its window, to everyone its owner knows."""

    class Meta:
        model = Mailing
        skip_postgeneration_save = True

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Mailing {n}")
    message = factory.SubFactory(MessageFactory, owner=factory.SelfAttribute("..owner"))
    everyone = True
    starts_at = factory.LazyFunction(lambda: timezone.now() - timedelta(minutes=1))
    ends_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))


def mailing_to(count: int, **fields: Any) -> Mailing:
    """A due mailing with ``count`` recipients of its owner."""
    mailing: Mailing = MailingFactory(**fields)
    RecipientFactory.create_batch(count, owner=mailing.owner)
    return mailing

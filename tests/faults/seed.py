"""Fill an installation: ``python -m tests.faults.seed COUNT [ENDS_IN [STARTS_IN]]``.

Seconds from now. Called again it makes another mailing for the same recipients. Prints the id of
the mailing. Runs under the installation's own settings.
"""

from __future__ import annotations

import sys
from datetime import timedelta

import django

from tests.faults.browser import OWNER, PASSWORD


def main() -> None:
    django.setup()
    from allauth.account.models import EmailAddress
    from django.utils import timezone

    from apps.mailings.models import Mailing, Message, Recipient
    from apps.users.models import User

    count = int(sys.argv[1])
    ends_in = float(sys.argv[2]) if len(sys.argv) > 2 else 86_400.0
    starts_in = float(sys.argv[3]) if len(sys.argv) > 3 else -5.0
    owner = User.objects.filter(email=OWNER).first()
    if owner is None:
        owner = User.objects.create_user(OWNER, PASSWORD)
        EmailAddress.objects.create(user=owner, email=OWNER, verified=True, primary=True)
    Recipient.objects.bulk_create(
        (
            Recipient(owner=owner, email=f"r{number}@example.org", full_name=f"Анна {number}")
            for number in range(count)
        ),
        batch_size=2000,
        ignore_conflicts=True,
    )
    message = Message.objects.create(
        owner=owner,
        subject="Новости для {{ full_name }}",
        text="Здравствуйте, {{ full_name }}!\n",
        html="<p>Здравствуйте, {{ full_name }}!</p><a href='{{ unsubscribe_url }}'>.</a>",
    )
    now = timezone.now()
    mailing = Mailing.objects.create(
        owner=owner,
        name="Fault test",
        message=message,
        everyone=True,
        account="sink",
        starts_at=now + timedelta(seconds=starts_in),
        ends_at=now + timedelta(seconds=ends_in),
    )
    print(mailing.pk)


if __name__ == "__main__":
    main()

"""Recipients for a benchmark: ``python -m benchmarks.seed COUNT`` fills up to COUNT rows."""

from __future__ import annotations

import sys

import django


def main() -> None:
    django.setup()
    from apps.mailings.models import Recipient
    from apps.users.models import User

    owner, _ = User.objects.get_or_create(email="owner@example.org")
    have = Recipient.objects.filter(owner=owner).count()
    Recipient.objects.bulk_create(
        (
            Recipient(
                owner=owner,
                email=f"recipient{number}@example.org",
                full_name=f"Анна Иванова {number}",
                attributes={"city": "Казань"},
            )
            for number in range(have, int(sys.argv[1]))
        ),
        batch_size=5000,
    )


if __name__ == "__main__":
    main()

"""What users are shown about a person: notifications, and forms kept when a session ended."""

from __future__ import annotations

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from apps.core.personal_data import Person, PersonalData
from apps.users import audit
from apps.users.models import KeptForm, Notification


class AuditData(PersonalData):
    """What the audit log says of a person."""

    name = "audit"

    def erase(self, person: Person) -> int:
        return audit.erase_person(person)


class UsersData(PersonalData):
    """Notifications of the owner, and what somebody typed and has not sent yet."""

    name = "notifications"

    def erase(self, person: Person) -> int:
        if not person.spellings:
            return 0
        named, typed = Q(), Q()
        for one in person.spellings:
            named |= Q(text__icontains=one)
            typed |= Q(data__icontains=one)
        KeptForm.objects.filter(typed).delete()
        mine = Notification.objects.filter(owner_id=person.owner_id)
        found = mine.annotate(text=Cast("facts", TextField())).filter(named)
        for row in found:
            facts = person.cut_within(row.facts)
            Notification.objects.filter(pk=row.pk).update(facts=facts)
        return len(found)

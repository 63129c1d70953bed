"""Are the pictures of letters where they should be, and reached by those who get the letters?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from apps.core.site import LOOPBACK, site_url
from apps.delivery.doctor.findings import Finding, advice, ok, wrong
from apps.mailings.media import files
from apps.mailings.models import MediaFile, MediaRendition
from apps.mailings.models.media import media_storage


def look_at_pictures() -> Iterator[Finding]:
    """The directory, one file of the newest picture, and the address that letters hold."""
    subject, root = _("pictures"), Path(media_storage().path(""))
    if root.exists() and not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        text = _("%(path)s cannot be written") % {"path": root}
        yield wrong(subject, text, _("give it to the user that runs this"))
        return
    newest = MediaRendition.objects.select_related("media").order_by("-pk").first()
    if newest is None:
        yield ok(subject, _("none yet"))
        return
    file = files.opened(newest)
    if file is None:
        text = _("the files of pictures are not in %(path)s") % {"path": root}
        yield wrong(subject, text, _("restore VAR_DIR/pictures with the database"))
        return
    file.close()
    base = settings.MEDIA_BASE_URL or site_url()
    if urlsplit(base).hostname in LOOPBACK:
        text = _("emails load them from %(base)s, which only this machine reaches")
        fix = _("set SITE_URL or MEDIA_BASE_URL to an address that readers reach")
        yield advice(subject, text % {"base": base}, fix)
        return
    count = MediaFile.objects.filter(removed_at=None).count()
    size = MediaRendition.objects.aggregate(sum=Sum("size"))["sum"] or 0
    text = _("%(count)d, %(size)s; emails load them from %(base)s")
    yield ok(subject, text % {"count": count, "size": filesizeformat(size), "base": base})

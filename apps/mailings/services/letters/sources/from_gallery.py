"""A message that begins as a letter of the gallery."""

from __future__ import annotations

from apps.core.content.blocks.document import dump
from apps.core.content.blocks.reuse.brand import without_samples
from apps.mailings.gallery.reading import Template
from apps.mailings.models import Message
from apps.mailings.selectors.letters.brand import brand_of
from apps.mailings.services.letters.beginning import begin_letter
from apps.mailings.services.media.uploads import take
from apps.users.models import User


def begin_from_gallery(*, author: User, template: Template, language: str) -> Message:
    """A copy of the letter in this language, its pictures in the author's library.

    It follows the author's brand, whose words take the place of the made-up ones. A picture that
    is there already is not added again. Raises MediaRefused, for one when the author's library is
    full; then there is no message.
    """
    ids = {
        number: take(owner=author, content=path.read_bytes(), name=path.name).pk
        for number, path in template.pictures().items()
    }
    texts = template.texts[language]
    document = template.document(language, ids.__getitem__)
    brand = brand_of(author.pk)
    if brand is not None:
        document = without_samples(document, brand.style)
    return begin_letter(
        author=author,
        document=dump(document),
        name=texts.name,
        subject=texts.subject,
        preheader=texts.preheader,
        language=language,
    )

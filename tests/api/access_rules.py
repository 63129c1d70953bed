"""Who is answered what by each operation of the document: one rule for every one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.content.blocks.editing.places import blank_document, new_node
from tests.api.automation_rules import AUTOMATIONS
from tests.api.rule_types import Rule, change, everybody, see
from tests.api.things import SECRET, TREE, Things
from tests.delivery.engine.staging.invoices import pdf, uploaded, zipped
from tests.mailings.media.pictures import drawing


def recipient(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.recipient.pk}


def tag(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.tag.pk}


def mailing_list(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.mailing_list.pk}


def member(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.mailing_list.pk, "recipient_id": things.recipient.pk}


def message(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.message.pk}


def translation(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.message.pk, "language": "en"}


def attachment(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.message.pk, "file_id": things.attachment.pk}


def personal_file(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.message.pk, "file_id": things.personal_file.pk}


def given_file(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.mailing.pk, "recipient": things.recipient.pk}


def media(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.media.pk}


def saved_block(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.saved_block.pk}


def template(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.template.pk}


def mailing(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.mailing.pk}


def run(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.run.pk}


def brought(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.brought.pk}


def customer(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.customer.pk}


def mailout(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.mailout.pk}


def delivery(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.delivery.pk}


def webhook(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.webhook.pk}


def call(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.webhook.pk, "call_pk": things.call.pk}


def stop(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.stop.pk}


def domain(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.domain.pk}


def form(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.form.pk}


def form_body(things: Things) -> dict[str, Any]:
    lists = list(things.form.lists.values_list("pk", flat=True))
    return {"title": "Other", "lists": lists, "texts": {"en": {}}}


def segment(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.segment.pk}


def inactive(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.sunset.pk}


def sender(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.sender.pk}


def custom_field(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.custom_field.pk}


def table() -> SimpleUploadedFile:
    return SimpleUploadedFile("list.csv", b"email\nnew@example.org\n")


def picture() -> SimpleUploadedFile:
    return SimpleUploadedFile("menu.png", drawing())


def letter_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("may.html", b"<h1>Hi</h1><p>*|FNAME|*</p>")


def invoices() -> SimpleUploadedFile:
    return uploaded(zipped({"A.pdf": pdf(1)}))


def text() -> SimpleUploadedFile:
    return SimpleUploadedFile("read.txt", b"hello")


PERSON = {"email": "changed@example.org"}
SECTION = new_node("section")
DOCUMENT = blank_document()
CONTENT = {"subject": "Other", "text": "Other"}
END = "2031-01-31T18:00:00+03:00"
CUSTOMER = {"phone": "79250000000"}
MAILOUT = {"start_at": "2031-01-31T09:00:00+03:00", "finish_at": END, "text": "Other"}

RULES: dict[str, Rule] = {
    "get_token": Rule(401, 401, 401, body=lambda _: {"email": "a@example.org", "password": "x"}),
    "end_token": everybody(204),
    "list_recipients": everybody(200),
    "get_timeline": see(recipient),
    "add_recipient": everybody(201, body=lambda _: PERSON),
    "get_recipient": see(recipient),
    "replace_recipient": change(recipient, PERSON),
    "change_recipient": change(recipient, PERSON),
    "remove_recipient": change(recipient),
    "ask_erasure": change(recipient, good=202),
    "get_erasure": see(customer),
    "refuse_erasure": change(customer, {"reason": "An invoice is open"}),
    "ask_copy": change(recipient, good=202),
    "get_copy": Rule(404, 200, 403, customer),
    "get_copy_file": Rule(404, 404, 403, customer),
    "bulk": everybody(200, body=lambda _: {"items": [PERSON]}),
    "list_imports": everybody(200),
    "start_import": everybody(202, form={"file": table}),
    "get_import": see(brought),
    "get_rejects": see(brought),
    "undo_import": change(brought),
    "list_tags": everybody(200),
    "add_tag": everybody(201, body=lambda _: {"name": "new"}),
    "get_tag": see(tag),
    "rename": change(tag, {"name": "other"}),
    # Only Anna's tag is there to merge into: into itself is refused.
    "merge": Rule(404, 422, 403, tag, lambda things: {"into": things.tag.pk}),
    "delete_tag": change(tag, good=204),
    "list_lists": everybody(200),
    "add_list": everybody(201, body=lambda _: {"title": "New"}),
    "get_list": see(mailing_list),
    "change_list": change(mailing_list, {"title": "Other"}),
    "remove_list": change(mailing_list),
    "restore_list": change(mailing_list),
    "list_subscriptions": see(mailing_list),
    "add_subscription": change(mailing_list, {"email": "n@example.org", "statement": "Agreed"}),
    "end_subscription": change(member),
    "list_recipient_subscriptions": see(recipient),
    "list_recipient_consents": see(recipient),
    "list_messages": everybody(200),
    "add_message": everybody(201, body=lambda _: CONTENT),
    "get_message": see(message),
    "replace_message": change(message, CONTENT),
    "change_message": change(message, CONTENT),
    "delete_message": change(message),
    "list_translations": see(message),
    "get_translation": see(translation),
    "replace_translation": change(translation, {"strings": {"subject": "Other"}}),
    "change_translation": change(translation, {"strings": {"subject": "Other"}}),
    "delete_translation": change(translation, good=204),
    "attach_file": change(message, good=201, form={"file": text}),
    "detach_file": change(attachment, good=204),
    "convert_message": change(message, {"dry_run": True}),
    "import_message": everybody(200, form={"file": letter_file}),
    "list_personal_files": see(message),
    "add_personal_file": change(message, {"name": "A.pdf"}, good=201),
    "remove_personal_file": change(personal_file, good=204),
    "put_archive": change(personal_file, good=202, form={"file": invoices}),
    "give_recipient_file": Rule(
        404, 200, 403, given_file, lambda _: {"name": "a.txt", "content": "aGVsbG8="}
    ),
    "list_media": everybody(200),
    "add_media": everybody(201, form={"file": picture}),
    "get_media": see(media),
    "change_media": change(media, {"alt": "Other"}),
    "delete_media": change(media),
    "list_templates": everybody(200),
    "add_template": everybody(201, body=lambda _: {"name": "New", "document": DOCUMENT}),
    "get_template": see(template),
    "change_template": change(template, {"name": "Other"}),
    "delete_template": change(template, good=204),
    "begin_message": Rule(404, 201, 404, template),
    "list_saved_blocks": everybody(200),
    "add_saved_block": everybody(201, body=lambda _: {"name": "New", "section": SECTION}),
    "get_saved_block": see(saved_block),
    "change_saved_block": change(saved_block, {"name": "Other", "section": SECTION}),
    "delete_saved_block": change(saved_block),
    "get_brand": everybody(200),
    "change_brand": everybody(200, body=lambda _: {"company": "Other"}),
    "list_mailings": everybody(200),
    # Somebody else's message is none.
    "add_mailing": Rule(
        422,
        201,
        422,
        body=lambda things: {"name": "New", "message_id": things.message.pk, "ends_at": END},
    ),
    "get_mailing": see(mailing),
    "replace_mailing": Rule(
        404, 409, 403, mailing, lambda _: {"name": "New", "message_id": 1, "ends_at": END}
    ),
    "change_mailing": change(mailing, {"name": "New"}),
    "delete_mailing": change(mailing, good=409),
    "explain_mailing": everybody(422, where=mailing),  # no address is given
    "explain_run": everybody(422, where=run),
    **{"publish": change(mailing), "withdraw": change(mailing, good=204)},
    **{"get_preflight": see(mailing), "run_preflight": change(mailing, good=202)},
    **{name: see(mailing) for name in ("review_mailing", "get_experiment", "get_approval")},
    "ask_for_start": change(mailing, {}, good=409),  # it is being sent
    "get_start_request": Rule(404, 404, 404, mailing),  # nobody has asked
    "withdraw_start_request": change(mailing, good=404),
    "test_message": change(message, {}),
    "set_experiment": change(mailing, {"variants": [{"subject": "B"}]}, good=409),  # being sent
    "remove_experiment": change(mailing, good=409),
    "choose_variant": change(mailing, {"variant": 1}, good=409),  # nobody is asked
    "get_feed": see(mailing),
    "set_feed": change(mailing, {"url": "https://example.com/feed.xml"}),
    "remove_feed": change(mailing, good=409),  # it is being sent
    "read_feed": change(mailing, good=202),
    "offer_again": change(mailing, {"run": 1}, good=409),
    "list_runs": see(mailing),
    "start": change(mailing),
    "pause": change(mailing),
    "resume": change(mailing),
    "stop": change(mailing),
    "reset": change(mailing),
    "retry_failed": change(mailing),
    "send_remaining": change(mailing),
    "replace_content": change(mailing),
    "skip": change(mailing, good=204),
    "enable": Rule(404, 403, 204, mailing),
    "disable": Rule(404, 403, 204, mailing),
    "get_run": see(run),
    "list_links": see(run),
    "preview_audience": everybody(200, body=lambda _: {"everyone": True}),
    "list_deliveries": see(run),
    "resolve_unknown": change(run, {"verdict": "sent"}),
    "send": Rule(
        404,
        202,
        403,
        body=lambda things: {"message": things.message.pk, "recipient": things.recipient.pk},
    ),
    "get_delivery": see(delivery),
    **{"list_attempts": everybody(200), "list_audit": Rule(403, 403, 200)},
    "get_stats": everybody(200),
    "list_customers": everybody(200),
    "create_customer": everybody(201, body=lambda _: CUSTOMER),
    "get_customer": see(customer),
    "update_customer": change(customer, CUSTOMER),
    "delete_customer": change(customer),
    "list_mailouts": everybody(200),
    "create_mailout": everybody(201, body=lambda _: MAILOUT),
    "get_mailouts_stats": everybody(200),
    "get_mailout": see(mailout),
    "update_mailout": change(mailout, MAILOUT),
    "delete_mailout": change(mailout),
    "create_message": Rule(
        404, 201, 403, mailout, lambda things: {"customer_id": things.customer.pk}
    ),
    "get_message_stats": see(mailout),
    "list_forms": everybody(200),
    "add_form": Rule(422, 201, 422, body=form_body),
    "get_form": see(form),
    "replace_form": Rule(404, 200, 403, form, form_body),
    "delete_form": change(form),
    "publish_form": change(form),
    "close_form": change(form),
    "list_form_versions": see(form),
    "list_signups": see(form),
    "release_signups": change(form, {"ids": [1]}),
    "drop_signups": change(form, {"ids": [1]}),
    "search": everybody(200, body=lambda _: {"query": SECRET}),
    "list_suppressions": everybody(200),
    "add_suppression": everybody(201, body=lambda _: {"address": "new@example.org"}),
    "import_suppressions": everybody(
        200, body=lambda _: {"items": [{"address": "new@example.org"}]}
    ),
    "list_suppression_events": everybody(200),
    "get_suppression": see(stop),
    "lift_suppression": change(stop, {}, good=204),
    "list_blocked_domains": everybody(200),
    "add_blocked_domain": everybody(201, body=lambda _: {"domain": "example.com"}),
    "remove_blocked_domain": change(domain, good=204),
    "list_segments": everybody(200),
    "add_segment": everybody(201, body=lambda _: {"name": "New", "tree": TREE}),
    "get_segment": see(segment),
    "change_segment": change(segment, {"name": "Other"}),
    "archive_segment": change(segment),
    "count_segment": see(segment),
    "list_members": see(segment),
    "explain_segment": everybody(422, where=segment),  # no address is given
    "list_attributes": everybody(200),
    "add_attribute": everybody(201, body=lambda _: {"name": "fresh"}),
    "get_attribute": see(custom_field),
    "change_attribute": change(custom_field, {"name": "age", "kind": "number"}),
    "archive_attribute": change(custom_field),
    "list_frequency_rules": everybody(200),
    "replace_frequency_rules": everybody(200, body=lambda _: {"rules": [dict(messages=1, days=3)]}),
    "get_frequency_figures": everybody(200),
    "list_sunsets": everybody(200),
    # Anna has a rule for all lists already.
    "add_sunset": Rule(201, 422, 201, body=lambda _: {"days": 90}),
    "get_sunset": see(inactive),
    "archive_sunset": change(inactive),
    "list_sunset_cases": see(inactive),
    "search_sunset": change(inactive),
    "approve_sunset": change(inactive),
    "ask_sunset": change(inactive),
    "undo_sunset": change(inactive),
    "list_senders": everybody(200),
    "get_sender": see(sender),
    **AUTOMATIONS,
    "list_webhooks": everybody(200),
    "make_webhook": everybody(201, body=lambda _: {"url": "https://93.184.215.14/events"}),
    "get_webhook": see(webhook),
    "remove_webhook": change(webhook, good=204),
    "rotate_webhook_secret": change(webhook),
    "list_webhook_calls": see(webhook),
    "send_webhook_call_again": change(call, good=204),
}

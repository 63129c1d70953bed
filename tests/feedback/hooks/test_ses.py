"""Amazon SES over SNS: only what Amazon has signed, for a topic of ours, is believed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from apps.feedback.hooks import sns
from apps.feedback.models import Event
from apps.mailings.links import unsubscribe_token
from apps.mailings.models import Delivery, Suppression
from tests.feedback.amazon import CERTIFICATE_URL, HOST, Amazon, Signer
from tests.feedback.conftest import TOPIC, message_id, post
from tests.http_service import answer, empty, redirect, reset

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hooks")]

Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(autouse=True)
def amazon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Amazon]:
    with Amazon(tmp_path, monkeypatch) as amazon:
        yield amazon


def written(moment: datetime) -> str:
    """A time as SNS writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def message(event: object, number: str = "m-1", **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": number,
        "TopicArn": TOPIC,
        "Timestamp": written(datetime.now(UTC)),
        "Message": json.dumps(event),
        **fields,
    }


def sent_by(body: dict[str, Any]) -> int:
    headers = {
        "X-Amz-Sns-Message-Type": str(body["Type"]),
        "X-Amz-Sns-Message-Id": str(body["MessageId"]),
    }
    return post("amazon_ses", json.dumps(body).encode(), headers, kind="text/plain")


def state_of(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.state


def bounce_at_ses(
    delivery: Delivery, headers: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """As in the SES developer guide, with the original headers included."""
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": delivery.address,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 user unknown",
                }
            ],
        },
        "mail": {
            "messageId": "0100017a-1111-2222",
            "destination": [delivery.address],
            "headers": headers or [{"name": "Message-ID", "value": message_id(delivery)}],
        },
    }


def test_a_bounce_at_ses_is_found_by_the_original_headers(
    delivery: Delivery, amazon: Amazon
) -> None:
    """SES puts a Message-ID of its own into the letter and shows ours among the headers."""
    assert sent_by(amazon.signed(message(bounce_at_ses(delivery)))) == 200
    assert state_of(delivery) == "bounced"
    assert Suppression.objects.get().reason == "bounced"


def test_a_bounce_at_ses_is_found_by_the_seal(delivery: Delivery, amazon: Amazon) -> None:
    link = f"<https://example.org/u/{unsubscribe_token(delivery.pk)}/>"
    event = bounce_at_ses(delivery, [{"name": "List-Unsubscribe", "value": link}])
    assert sent_by(amazon.signed(message(event))) == 200
    assert state_of(delivery) == "bounced"


def test_a_topic_that_is_not_ours_is_refused(delivery: Delivery, amazon: Amazon) -> None:
    other = message(bounce_at_ses(delivery), TopicArn=TOPIC.replace("1234", "9999"))
    assert sent_by(amazon.signed(other)) == 403
    assert state_of(delivery) == "sent"


def test_headers_and_body_of_sns_must_agree(delivery: Delivery, amazon: Amazon) -> None:
    body = amazon.signed(message({}, "a"))
    for headers in (
        {"X-Amz-Sns-Message-Type": "Notification", "X-Amz-Sns-Message-Id": "b"},
        {"X-Amz-Sns-Message-Type": "SubscriptionConfirmation", "X-Amz-Sns-Message-Id": "a"},
        {},
    ):
        assert post("amazon_ses", json.dumps(body).encode(), headers) == 403


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [{}, {"Subject": "Amazon SES Email Event Notification"}])
def test_both_versions_of_the_signature_are_believed(
    delivery: Delivery, amazon: Amazon, version: str, subject: dict[str, str]
) -> None:
    body = message(bounce_at_ses(delivery), **subject)
    assert sent_by(amazon.signed(body, version)) == 200
    assert state_of(delivery) == "bounced"


def test_a_message_counts_once_and_its_certificate_is_read_once(
    delivery: Delivery, amazon: Amazon
) -> None:
    body = amazon.signed(message(bounce_at_ses(delivery)))
    assert [sent_by(body), sent_by(body)] == [200, 200]
    assert Event.objects.count() == 1
    paths = [request.path for request in amazon.service.requests]
    assert paths == [CERTIFICATE_URL.removeprefix(f"https://{HOST}")]


def _without(name: str) -> Change:
    return lambda body: {key: value for key, value in body.items() if key != name}


def _with(**fields: Any) -> Change:
    return lambda body: {**body, **fields}


FORGED: dict[str, Change] = {
    "another message": _with(Message='{"notificationType": "Complaint"}'),
    "a subject put in": _with(Subject="s"),
    "a time put in": _with(Timestamp=written(datetime.now(UTC) - timedelta(seconds=9))),
    "another version": _with(SignatureVersion="1"),
    "a version that is none": _with(SignatureVersion="3"),
    "no signature": _without("Signature"),
    "an empty signature": _with(Signature=""),
    "no base64": _with(Signature="???"),
    "not ASCII": _with(Signature="é"),
    "no version": _without("SignatureVersion"),
    "no time": _without("Timestamp"),
    "no message": _without("Message"),
    "a message that is no text": _with(Message={"notificationType": "Bounce"}),
    "a lone surrogate": _with(Message="{\ud800"),
    "no address": _without("SigningCertURL"),
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_message_changes_nothing_and_the_log_says_why(
    delivery: Delivery, amazon: Amazon, how: str
) -> None:
    with capture_logs() as logs:
        assert sent_by(FORGED[how](amazon.signed(message(bounce_at_ses(delivery))))) == 403
    assert state_of(delivery) == "sent"
    assert not Event.objects.exists()
    (line,) = [line for line in logs if line["event"] == "hook_refused"]
    assert line["provider"] == "amazon_ses"
    assert line["reason"]


def test_another_key_is_not_believed(delivery: Delivery, amazon: Amazon) -> None:
    assert sent_by(Signer().signed(message(bounce_at_ses(delivery)))) == 403
    assert state_of(delivery) == "sent"


@pytest.mark.parametrize("age", [timedelta(minutes=66), -timedelta(minutes=66)])
def test_a_message_of_another_time_is_not_believed(
    delivery: Delivery, amazon: Amazon, age: timedelta
) -> None:
    body = message(bounce_at_ses(delivery), Timestamp=written(datetime.now(UTC) - age))
    assert sent_by(amazon.signed(body)) == 403
    late = message(bounce_at_ses(delivery), Timestamp=written(datetime.now(UTC) - age * 0.9))
    assert sent_by(amazon.signed(late)) == 200  # SNS tries again for an hour


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE_URL.replace("https", "http"),
        *(
            CERTIFICATE_URL.replace(HOST, host)
            for host in (
                f"{HOST}:8443",
                f"{HOST}@example.org",
                f"example.org/{HOST}",
                f"{HOST}.example.org",
                f"{HOST}.evil",
                f"{HOST}\\@example.org",
                f"{HOST}\t",
                "snsxeu-west-1.amazonaws.com",
                "sns.a.b.amazonaws.com",
                "bucket.s3.amazonaws.com",
                "sns.s3.amazonaws.com",
                "sns.s3-us-west-2.amazonaws.com",
                "sns.s3.us-west-2.amazonaws.com",
                "sns.s3-accelerate.amazonaws.com",
                "[::1",
            )
        ),
        f"https://{HOST}/a.pem",
        f"https://{HOST}/bucket/SimpleNotificationService-{'a' * 32}.pem",
        f"{CERTIFICATE_URL}.exe",
        f"{CERTIFICATE_URL}?a.pem",
        f"{CERTIFICATE_URL}?",
        f"{CERTIFICATE_URL}#a.pem",
        f"{CERTIFICATE_URL}\n",
        "file:///etc/ssl/a.pem",
        "",
    ],
)
def test_a_certificate_is_read_from_amazon_only(
    delivery: Delivery, amazon: Amazon, url: str
) -> None:
    body = {**amazon.signed(message(bounce_at_ses(delivery))), "SigningCertURL": url}
    assert sent_by(body) == 403
    assert amazon.service.requests == []
    assert state_of(delivery) == "sent"


@pytest.mark.parametrize(
    "host",
    [
        "sns.us-east-1.amazonaws.com",
        "sns.ap-southeast-2.amazonaws.com",
        "sns.us-gov-west-1.amazonaws.com",
        "sns.cn-north-1.amazonaws.com.cn",  # China has a domain of its own
    ],
)
def test_every_region_is_amazons(host: str) -> None:
    assert sns.is_amazons(f"https://{host}/?Action=ConfirmSubscription&Token=1")


@pytest.mark.parametrize(
    "host", ["sns.s3.amazonaws.com", "sns.s3-us-west-2.amazonaws.com", "sns.amazonaws.com"]
)
def test_a_bucket_is_not_amazons(host: str) -> None:
    assert not sns.is_amazons(f"https://{host}/?Action=ConfirmSubscription&Token=1")


@pytest.mark.parametrize(
    ("signer", "status"),
    [(Signer(valid=(-9, -1)), 403), (Signer(valid=(1, 9)), 403), (Signer(rsa_key=False), 403)],
    ids=["expired", "not yet valid", "no RSA"],
)
def test_a_certificate_that_does_not_count_is_refused(
    delivery: Delivery, amazon: Amazon, signer: Signer, status: int
) -> None:
    amazon.service.usual = answer(signer.pem)
    assert sent_by(signer.signed(message(bounce_at_ses(delivery)))) == status
    assert state_of(delivery) == "sent"


def test_an_expired_certificate_is_read_anew(delivery: Delivery, amazon: Amazon) -> None:
    amazon.service.script.append(answer(Signer(valid=(-9, -1)).pem))
    body = amazon.signed(message(bounce_at_ses(delivery)))
    assert [sent_by(body), sent_by(body)] == [403, 200]


@pytest.mark.parametrize(
    "reply",
    [empty(404), empty(), answer(b"no certificate"), answer(b"x" * 30_000), reset()]
    + [redirect(f"https://{HOST}/other.pem")],
    ids=["not found", "empty", "no certificate", "too large", "reset", "redirect"],
)
def test_a_certificate_that_cannot_be_read_is_asked_for_later(
    delivery: Delivery, amazon: Amazon, reply: Any
) -> None:
    """SNS gives up at 4xx and comes again after 5xx: no event is lost, and none is believed."""
    amazon.service.usual = reply
    body = amazon.signed(message(bounce_at_ses(delivery)))
    assert [sent_by(body), sent_by(body)] == [503, 503]
    assert len(amazon.service.requests) == 1  # a minute of peace
    assert state_of(delivery) == "sent"


def test_another_authoritys_word_for_amazons_host_is_not_enough(
    delivery: Delivery, amazon: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert sent_by(amazon.signed(message(bounce_at_ses(delivery)))) == 503


def test_no_more_than_a_few_certificates_are_kept(amazon: Amazon) -> None:
    kept = sns.Certificates()
    for number in [*range(20), 19, 0]:
        kept.get(f"https://{HOST}/{number}.pem", datetime.now(UTC))
    assert len(amazon.service.requests) == 21  # 19 was there, 0 had to go


SUBSCRIPTION = {
    "Type": "SubscriptionConfirmation",
    "Token": "t",
    "SubscribeURL": f"https://{HOST}/?Action=ConfirmSubscription&Token=t",
}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (SUBSCRIPTION["SubscribeURL"], SUBSCRIPTION["SubscribeURL"]),
        ("http://127.0.0.1/", ""),
        (f"https://{HOST}.example.org/", ""),
    ],
)
def test_a_subscription_is_left_to_a_person(amazon: Amazon, url: str, shown: str) -> None:
    body = amazon.signed(message("words", **{**SUBSCRIPTION, "SubscribeURL": url}))
    with capture_logs() as logs:
        assert sent_by(body) == 200
    (line,) = [line for line in logs if line["event"] == "sns_subscription"]
    assert line["open_to_confirm"] == shown
    assert [request.path[-4:] for request in amazon.service.requests] == [".pem"]
    assert not Event.objects.exists()


def test_a_forged_subscription_is_not_shown_to_anybody(amazon: Amazon) -> None:
    body = {**amazon.signed(message("words", **SUBSCRIPTION)), "Token": "other"}
    with capture_logs() as logs:
        assert sent_by(body) == 403
    assert [line for line in logs if line["event"] == "sns_subscription"] == []


def test_the_end_of_a_subscription_is_no_event(amazon: Amazon) -> None:
    ended = {**SUBSCRIPTION, "Type": "UnsubscribeConfirmation"}
    assert sent_by(amazon.signed(message("words", **ended))) == 200
    assert not Event.objects.exists()


def test_the_first_words_of_a_topic_are_no_event(amazon: Amazon) -> None:
    text = "Successfully validated SNS topic for Amazon SES event publishing."
    assert sent_by(amazon.signed(message({}, Message=text))) == 200
    assert not Event.objects.exists()

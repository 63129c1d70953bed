"""The `.env` file: what it may hold, and what is said when it holds something else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from config import environment
from config.environment import Environment, EnvironmentRefused, load
from config.rules import scale
from config.rules.feedback import topics_of
from config.rules.sending import opening_hours

EXAMPLE = environment.BASE_DIR / ".env.example"
EXAMPLES = {"seeds": "GMAIL"}
SECRET = "SECRET_KEY=" + "s" * 40
HOOKS = "HOOK_SECRET=" + "h" * 24 + "\n"


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of its own in place of the installation's."""
    file = tmp_path / ".env"
    monkeypatch.setattr(environment, "ENV_FILE", file)
    return file


def loaded(env_file: Path, *lines: str) -> Environment:
    env_file.write_text("\n".join([SECRET, *lines]) + "\n", encoding="utf-8")
    return load()


def refusal(env_file: Path, *lines: str) -> list[str]:
    """The lines that say what is wrong, without the first and the last."""
    with pytest.raises(EnvironmentRefused) as caught:
        loaded(env_file, *lines)
    first, *wrong, last = str(caught.value).splitlines()
    assert first == ".env cannot be used:"
    assert last == "See .env.example."
    return [line.strip() for line in wrong]


def example_defaults() -> dict[str, str]:
    """Every key of .env.example with the default that the comment above it names."""
    defaults: dict[str, str] = {}
    comment = ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            comment += line
        elif line:
            key = line.removesuffix("=")
            expected = re.search(r"Default: (\S+)$", comment)
            defaults[key] = expected[1] if expected else ""
            comment = ""
        else:
            comment = ""
    return defaults


def declared_defaults() -> dict[str, str]:
    """Every key that the code knows with its default."""
    fields = {name.upper(): field for name, field in Environment.model_fields.items()}
    for name, model in environment.NESTED.items():
        prefix = f"{name}__{EXAMPLES.get(name, 'news')}__".upper()
        fields |= {f"{prefix}{key.upper()}": field for key, field in model.model_fields.items()}
        del fields[name.upper()]
    return {
        name: "" if field.default in (None, PydanticUndefined) else _written(field.default)
        for name, field in fields.items()
    }


def _written(value: object) -> str:
    return value.as_posix() if isinstance(value, Path) else str(value)


def test_the_example_names_the_keys_and_defaults_of_the_code() -> None:
    assert example_defaults() == declared_defaults()


def test_every_key_of_the_example_is_empty() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#") and line[-1] != "="] == []


def test_a_copy_of_the_example_loads_once_it_has_a_secret_key(env_file: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("SECRET_KEY=", SECRET)
    env_file.write_text(text, encoding="utf-8")
    read = load()
    assert read == Environment.model_construct(secret_key="s" * 40)
    assert read.accounts == {}


def test_an_account_is_declared_by_its_keys(env_file: Path) -> None:
    read = loaded(
        env_file,
        "ACCOUNTS__SPRING__KIND=smtp",
        "ACCOUNTS__SPRING__HOST=smtp.example.org",
        "accounts__spring__port=2525",
    )
    assert read.accounts["spring"].port == 2525
    assert read.accounts["spring"].host == "smtp.example.org"


def test_process_variables_do_not_get_in(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE_CODE", "en")
    monkeypatch.setenv("INTRUDER", "in")
    read = loaded(env_file, "EMAIL_HOST_PASSWORD='pa$$ ${INTRUDER}#1'")
    assert read.language_code == "ru"
    assert read.email_host_password == "pa$$ ${INTRUDER}#1"


def test_notepads_byte_order_mark_is_no_part_of_the_first_key(env_file: Path) -> None:
    env_file.write_text(f"{SECRET}\r\nDEBUG=True\r\n", encoding="utf-8-sig", newline="")
    assert load().debug is True


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["PASSWROD=hunter2"], ["PASSWROD: is not a known key"]),
        (["DB_PORT=hunter2"], ["DB_PORT: Input should be a valid integer, *(example: 5432)"]),
        (["DB_PORT=70000"], ["DB_PORT: Input should be less than * (example: 5432)"]),
        (["DEBUG=hunter2"], ["DEBUG: Input should be a valid boolean* (example: False)"]),
        (["TIME_ZONE=hunter2"], ["TIME_ZONE: not a time zone * (example: Europe/Moscow)"]),
        (["SITE_URL=hunter2"], ["SITE_URL: must begin with http* (example: https://*)"]),
        (
            ["DEFAULT_FROM_EMAIL=hunter2"],
            ["DEFAULT_FROM_EMAIL: is not an email address (example: *"],
        ),
        (["ALLOWED_HOSTS=рас сылка.рф"], ["ALLOWED_HOSTS: is no name of a host (example: *)"]),
        (
            ["DB_ENGINE=postgresql"],
            ["DB_NAME: is needed when DB_ENGINE is postgresql (example: *)"],
        ),
        (
            ["ACCOUNTS=hunter2"],
            ["ACCOUNTS: write one line per key (example: ACCOUNTS__NEWS__KIND*"],
        ),
        (["ACCOUNTS=[1]"], ["ACCOUNTS: write one line per key (example: *"]),
        (["ACCOUNTS__A=hunter2"], ["ACCOUNTS__A: write one line per key (example: *"]),
        (
            ["ACCOUNTS__A__KIND=fax"],
            ["ACCOUNTS__A__KIND: is none of smtp, outbox, * (example: smtp)"],
        ),
        (["ACCOUNTS__A__KIND=smtp"], ["ACCOUNTS__A__HOST: is needed when the kind is smtp (*"]),
        (
            ["ACCOUNTS__A__KIND=backend"],
            ["ACCOUNTS__A__URL: is needed when the kind is backend (*"],
        ),
        (
            ["ACCOUNTS__A__KIND=gateway"],
            [
                "ACCOUNTS__A__URL: is needed when the kind is gateway (*",
                "ACCOUNTS__A__TOKEN: is needed when the kind is gateway",
            ],
        ),
        (
            ["ACCOUNTS__A__KIND=gateway", "ACCOUNTS__A__URL=https://a:hunter2@e.org"]
            + ["ACCOUNTS__A__TOKEN=Bearer hunter2"],
            [
                "ACCOUNTS__A__URL: must be an address without *",
                "ACCOUNTS__A__TOKEN: is one word, *",
            ],
        ),
        (
            ["ACCOUNTS__A__KIND=telegram", "ACCOUNTS__A__TOKEN=hunter2"],
            ["ACCOUNTS__A__TOKEN: is not of the form *"],
        ),
        (
            ["ACCOUNTS__A__KIND=telegram"],
            ["ACCOUNTS__A__TOKEN: is needed when the kind is telegram (*"],
        ),
        (
            ["ACCOUNTS__A__KIND=sendsay", "ACCOUNTS__A__URL=ftp://hunter2"],
            [
                "ACCOUNTS__A__URL: must begin with http*",
                "ACCOUNTS__A__TOKEN: is needed when the kind is sendsay, or *",
            ],
        ),
        (
            ["ACCOUNTS__A__HOTS=hunter2"],
            [
                "ACCOUNTS__A__KIND: is missing (example: smtp)",
                "ACCOUNTS__A__HOTS: is not a known key",
            ],
        ),
        (["EMAIL_EHLO_NAME=a_hunter2"], ["EMAIL_EHLO_NAME: is neither a domain name *"]),
        (["EMAIL_CA_FILE=/hunter2"], ["EMAIL_CA_FILE: is no readable file of certificates *"]),
        (
            ["EMAIL_OAUTH_TOKEN_COMMAND=hunter2"],
            ["EMAIL_OAUTH_TOKEN_COMMAND: an access token needs the user name *"],
        ),
        (
            ["EMAIL_HOST_USER=a", "EMAIL_HOST_PASSWORD=hunter2", "EMAIL_OAUTH_TOKEN_FILE=t"],
            ["EMAIL_OAUTH_TOKEN_COMMAND: an access token goes without a password*"],
        ),
        (
            ["ACCOUNTS__A__KIND=smtp", "ACCOUNTS__A__HOST=h", "ACCOUNTS__A__EHLO_NAME=hunter 2"]
            + ["ACCOUNTS__A__CA_FILE=hunter2", "ACCOUNTS__A__OAUTH_TOKEN_FILE=t"]
            + ["ACCOUNTS__A__OAUTH_TOKEN_COMMAND=hunter2"],
            [
                "ACCOUNTS__A__OAUTH_TOKEN_COMMAND: goes without OAUTH_TOKEN_FILE*",
                "ACCOUNTS__A__EHLO_NAME: is neither *",
                "ACCOUNTS__A__CA_FILE: is no readable *",
            ],
        ),
        (["hunter2"], ["line 2: is not NAME=value"]),
        (["EMAIL_HOST_PASSWORD='hunter2"], ["line 2: is not NAME=value"]),
        (["MIIhunter2+/="], ["line 2: is not NAME=value"]),
        (["A=1", "B=2"], ["A: is not a known key", "B: is not a known key"]),
    ],
)
def test_a_wrong_key_is_one_line_and_never_shows_the_value(
    env_file: Path, lines: list[str], expected: list[str]
) -> None:
    message = refusal(env_file, *lines)
    assert len(message) == len(expected)
    for line, pattern in zip(message, expected, strict=True):
        assert re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), line)
        assert "hunter2" not in line


def test_a_missing_secret_key_is_reported_with_an_example(env_file: Path) -> None:
    env_file.write_text("SECRET_KEY=\n", encoding="utf-8")
    with pytest.raises(EnvironmentRefused, match=r"SECRET_KEY: is missing \(example: 50 random"):
        load()


def test_a_missing_file_says_what_to_do(env_file: Path) -> None:
    with pytest.raises(EnvironmentRefused, match="copy .env.example"):
        load()


def test_a_file_in_another_encoding_says_so(env_file: Path) -> None:
    env_file.write_bytes("# комментарий\n".encode("cp1251"))
    with pytest.raises(EnvironmentRefused, match="not UTF-8"):
        load()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("WORKING_HOURS=9 to 18", "WORKING_HOURS: is not of the form HH:MM-HH:MM"),
        ("WORKING_DAYS=пн-пт", "WORKING_DAYS: is not made of mon, tue"),
        ("DAYS_OFF=RU,31.12.2026", "DAYS_OFF: is not made of country codes and dates"),
        ("DAYS_OFF=XX", "DAYS_OFF: XX is not a country code"),
        ("ACCOUNTS__NEWS__HOURS=25:00-26:00", "ACCOUNTS__NEWS__HOURS: hour must be in 0..23"),
        ("ACCOUNTS__NEWS__FALLBACK=nobody", "ACCOUNTS: the FALLBACK of news is no other account"),
        ("ACCOUNTS__NEWS__FALLBACK=news", "ACCOUNTS: the FALLBACK of news is no other account"),
    ],
)
def test_a_rule_that_cannot_be_read_stops_the_start(
    env_file: Path, line: str, expected: str
) -> None:
    (wrong,) = refusal(env_file, "ACCOUNTS__NEWS__KIND=outbox", line)

    assert wrong.startswith(expected)


def test_working_hours_know_weekdays_and_the_holidays_of_a_country() -> None:
    hours = opening_hours("Europe/Moscow", "09:00-18:00", "mon-fri", "RU,2026-12-30,2026-12-31")

    assert hours is not None
    opened = hours.next_opening(datetime(2026, 12, 29, 15, tzinfo=UTC))
    assert opened is not None and opened.isoformat() == "2027-01-11T06:00:00+00:00"
    assert opening_hours("Europe/Moscow", "", "", "") is None


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("HOOK_SECRET=short", "HOOK_SECRET: has 24 to 200 letters"),
        ("HOOK_SECRET=" + "ж" * 30, "HOOK_SECRET: has 24 to 200 letters"),
        ("HOOK_GENERIC_KEY=" + "k" * 20, "HOOK_GENERIC_KEY: goes together with HOOK_SECRET"),
        ("HOOK_RESEND_KEY=whsec_" + "k" * 20, "HOOK_RESEND_KEY: goes together with HOOK_SECRET"),
        (HOOKS + "HOOK_RESEND_KEY=whsec_no base64 at all", "HOOK_RESEND_KEY: is whsec_ and a key"),
        (HOOKS + "HOOK_POSTAL_KEY=-----BEGIN-----", "HOOK_POSTAL_KEY: is a public key in base64"),
        (HOOKS + "HOOK_SENDGRID_KEY=é", "HOOK_SENDGRID_KEY: is a public key in base64"),
        (HOOKS + "HOOK_BREVO_LOGIN=alone", "HOOK_BREVO_LOGIN: is a name, a colon"),
        (HOOKS + "HOOK_UNISENDER_GO_KEY=short", "HOOK_UNISENDER_GO_KEY: has at least 16"),
        (HOOKS + "HOOK_GENERIC_KEY=short", "HOOK_GENERIC_KEY: has at least 16 characters"),
        (HOOKS + "HOOK_MAILGUN_KEY=short", "HOOK_MAILGUN_KEY: has at least 16 characters"),
        (HOOKS + "HOOK_POSTMARK_LOGIN=name", "HOOK_POSTMARK_LOGIN: is a name, a colon"),
        (HOOKS + "HOOK_SES_TOPICS=arn:aws:sqs:x", "HOOK_SES_TOPICS: has topics such as"),
        ("BOUNCE_ADDRESS=nobody", "BOUNCE_ADDRESS: is a plain address"),
        ("BOUNCE_ADDRESS=" + "a" * 21 + "@e.org", "BOUNCE_ADDRESS: is a plain address"),
        ("BOUNCE_IMAP_HOST=imap.example.org", "BOUNCE_IMAP_USERNAME: goes together with"),
        ("BOUNCE_IMAP_SECURITY=starttls", "BOUNCE_IMAP_SECURITY: starttls needs its own"),
    ],
)
def test_a_wrong_key_for_what_comes_back_is_reported_in_a_line(
    env_file: Path, line: str, wrong: str
) -> None:
    expected = refusal(env_file, line)
    assert expected[0].startswith(wrong)
    assert all("ж" * 30 not in text for text in expected)


def test_the_keys_of_the_hooks_are_taken(env_file: Path) -> None:
    read = loaded(
        env_file,
        HOOKS + "HOOK_POSTMARK_LOGIN=hook:password",
        "HOOK_SES_TOPICS=arn:aws:sns:eu-west-1:123456789012:a, "
        "arn:aws-cn:sns:cn-north-1:123456789012:b",
        "BOUNCE_ADDRESS=bounces@example.org",
    )
    assert read.hook_postmark_login == "hook:password"
    assert len(topics_of(read.hook_ses_topics)) == 2


CELERY = "DISPATCH_BACKEND=celery"
SERVER = "DB_ENGINE=postgresql\nDB_NAME=vestnik"
BROKER = "REDIS_URL=redis://localhost:6379/0"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([CELERY, BROKER], "DISPATCH_BACKEND: celery needs DB_ENGINE=postgresql (*"),
        ([SERVER, CELERY], "REDIS_URL: is needed when DISPATCH_BACKEND is celery (*"),
        ([SERVER, CELERY, "REDIS_URL=amqp://:hunter2@host"], "REDIS_URL: is not of the form *"),
        (["CACHE_URL=localhost:6379"], "CACHE_URL: is not of the form redis://*"),
        (["CACHE_URL=redis://host:hunter2/0"], "CACHE_URL: is not of the form redis://*"),
        (["CACHE_URL=redis://:hunter2@host/zero"], "CACHE_URL: is not of the form redis://*"),
        (["DISPATCH_BACKEND=threads"], "DISPATCH_BACKEND: Input should be 'inprocess' or *"),
    ],
)
def test_what_does_not_make_several_machines_is_one_line(
    env_file: Path, lines: list[str], expected: str
) -> None:
    (wrong,) = refusal(env_file, *lines)
    assert re.fullmatch(re.escape(expected).replace(r"\*", ".*"), wrong)
    assert "hunter2" not in wrong


@pytest.mark.parametrize("address", ["redis://:p@[::1]:6379/2", "rediss://u:p@r.example.org"])
def test_the_keys_for_several_machines_are_taken(env_file: Path, address: str) -> None:
    read = loaded(env_file, SERVER, CELERY, f"REDIS_URL={address}", f"CACHE_URL={address}")
    assert (read.dispatch_backend, read.redis_url, read.cache_url) == ("celery", address, address)


@pytest.mark.parametrize(
    ("missing", "lines", "expected"),
    [
        ("celery", [SERVER, CELERY, BROKER], "DISPATCH_BACKEND: needs celery: poetry install *"),
        ("redis", ["CACHE_URL=redis://localhost"], "CACHE_URL: needs redis: poetry install *"),
    ],
)
def test_a_missing_package_is_one_line_with_the_way_to_get_it(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, missing: str, lines: list[str], expected: str
) -> None:
    monkeypatch.setattr(scale, "find_spec", lambda name: name != missing or None)
    (wrong,) = refusal(env_file, *lines)
    assert re.fullmatch(re.escape(expected).replace(r"\*", ".*"), wrong)


def test_the_account_for_mailouts_writes_to_phones(env_file: Path) -> None:
    sms = [
        "ACCOUNTS__SMS__KIND=gateway",
        "ACCOUNTS__SMS__URL=https://gateway.example.org/v1",
        "ACCOUNTS__SMS__TOKEN=t0ken",
    ]
    assert loaded(env_file, *sms, "PHONE_ACCOUNT=sms").phone_account == "sms"
    assert loaded(env_file, "PHONE_ACCOUNT=email").phone_account == "email"  # an outbox
    kinds = "gateway or outbox or smpp or sms"
    wrong = f"PHONE_ACCOUNT: is no account of the kind {kinds} (example: sms)"
    assert refusal(env_file, "PHONE_ACCOUNT=sms") == [wrong]
    smtp = ["ACCOUNTS__NEWS__KIND=smtp", "ACCOUNTS__NEWS__HOST=mail.example.org"]
    assert refusal(env_file, *smtp, "PHONE_ACCOUNT=news") == [wrong]
    mail = ["EMAIL_HOST=mail.example.org"]
    assert refusal(env_file, *mail, "PHONE_ACCOUNT=email") == [wrong]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["OIDC_CLIENT_ID=vestnik"], "goes together with OIDC_SERVER_URL"),
        (["OIDC_SERVER_URL=https://id.example.org/"], "goes together with OIDC_SERVER_URL"),
        (["TIME_ZONE=Moscow"], "not a time zone"),
        (["PHONE_REGION=Russia"], "not a country"),
        (["DAILY_REPORT_RECIPIENTS=anna@example.org,ops"], "not a list of email addresses"),
        (["DAILY_REPORT_RECIPIENTS=anna@..рф"], "not a list of email addresses"),
        (
            ["ACCOUNTS__BOT__KIND=telegram", "ACCOUNTS__BOT__USERNAME=@vestnik"],
            "the bot's name without @",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(
    env_file: Path, lines: list[str], text: str
) -> None:
    assert any(text in line for line in refusal(env_file, *lines))

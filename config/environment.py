"""The `.env` file as one typed object: the only source of settings.

Process variables are not read, and nothing in a value is expanded. A key without a value counts as
not set. A wrong or missing value is one line per key, with an example and never with the
value itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from dotenv.parser import parse_stream
from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from config.account_settings import TO_PHONES, AccountSettings
from config.feedback_settings import FeedbackSettings
from config.limit_settings import LimitSettings
from config.media_settings import MediaSettings
from config.named.dkim import DkimSettings
from config.named.seeds import SeedSettings
from config.named.sources import SourceSettings
from config.privacy_settings import PrivacySettings
from config.rules import edge, scale, sending, site
from config.site_mail_settings import SiteMailSettings
from config.tracking_settings import TrackingSettings

BASE_DIR = Path(__file__).resolve().parent.parent

#: Another settings module (tests) may point this at its own file before settings are loaded.
ENV_FILE = BASE_DIR / ".env"

#: A text to be read instead of the file, while it is only a proposal.
_proposed: ContextVar[str | None] = ContextVar("proposed", default=None)

_ONE_LINE_PER_KEY = "write one line per key (example: ACCOUNTS__NEWS__KIND=smtp)"
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")


class Environment(
    SiteMailSettings,
    LimitSettings,
    PrivacySettings,
    FeedbackSettings,
    MediaSettings,
    TrackingSettings,
    BaseSettings,
):
    """Every key of ``.env``. Keys are case-insensitive; an unknown key is an error."""

    model_config = SettingsConfigDict(
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    secret_key: str = Field(min_length=32, repr=False, examples=["50 random characters"])
    secret_key_fallbacks: str = Field(
        default="", repr=False, examples=["the SECRET_KEY of before, 32 characters or more"]
    )
    debug: bool = Field(default=False, examples=["False"])
    allowed_hosts: str = Field(default="localhost,127.0.0.1,[::1]", examples=["mail.example.org"])
    site_url: str = Field(default="http://127.0.0.1:8000", examples=["https://mail.example.org"])
    trusted_proxies: str = Field(default="", examples=["127.0.0.1,10.0.0.0/8"])
    sign_up: Literal["", "open", "approved", "closed"] = Field(default="", examples=["approved"])
    session_idle_hours: float = Field(default=12, gt=0, le=336, examples=["12"])
    language_code: Literal["ru", "en"] = Field(default="ru", examples=["ru"])
    time_zone: str = Field(default="Europe/Moscow", examples=["Europe/Moscow"])
    var_dir: Path = Field(default=Path("var"), examples=["var"])

    db_engine: Literal["sqlite", "postgresql"] = Field(default="sqlite", examples=["sqlite"])
    db_name: str = Field(default="", validate_default=True, examples=["vestnik"])
    db_user: str = Field(default="", examples=["vestnik"])
    db_password: str = Field(default="", repr=False)
    db_host: str = Field(default="", examples=["localhost"])
    db_port: int | None = Field(default=None, ge=1, le=65535, examples=["5432"])
    conn_max_age: int = Field(default=600, ge=0, examples=["600"])

    dispatch_backend: Literal["inprocess", "celery"] = Field(
        default="inprocess", examples=["inprocess"]
    )
    redis_url: str = Field(
        default="", validate_default=True, repr=False, examples=["redis://localhost:6379/0"]
    )
    cache_url: str = Field(default="", repr=False, examples=["redis://localhost:6379/1"])
    cache_timeout_home: int = Field(default=60, ge=0, examples=["60"])
    cache_timeout_reports: int = Field(default=300, ge=0, examples=["300"])

    api_token_ttl: int = Field(default=86_400, ge=60, le=31_536_000, examples=["86400"])
    api_rate_per_minute: int = Field(default=600, ge=1, examples=["600"])
    api_docs_public: bool = Field(default=True, examples=["True"])

    webhooks_per_user: int = Field(default=5, ge=0, examples=["5"])
    webhook_max_tries: int = Field(default=12, ge=1, le=50, examples=["12"])
    webhook_allow_local: bool = Field(default=False, examples=["False"])

    import_max_megabytes: int = Field(default=200, ge=1, le=1000, examples=["200"])
    import_max_rows: int = Field(default=2_000_000, ge=1, examples=["2000000"])

    oidc_name: str = Field(default="OpenID", examples=["Company account"])
    oidc_server_url: str = Field(default="", examples=["https://id.example.org/realms/company"])
    oidc_client_id: str = Field(default="", validate_default=True, examples=["vestnik"])
    oidc_client_secret: str = Field(default="", validate_default=True, repr=False)

    accounts: dict[str, AccountSettings] = Field(default_factory=dict)
    dkim: dict[str, DkimSettings] = Field(default_factory=dict)
    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    seeds: dict[str, SeedSettings] = Field(default_factory=dict)
    phone_account: str = Field(default="", examples=["sms"])
    phone_region: str = Field(default="RU", examples=["RU"])

    scheduler_enabled: bool = Field(default=True, examples=["True"])
    scheduler_first_run_delay: float = Field(default=15, ge=0, examples=["15"])
    scheduler_check_interval_minutes: float = Field(default=3, gt=0, examples=["3"])

    daily_report_recipients: str = Field(default="", examples=["anna@example.org,ops@example.org"])
    daily_report_hour: int = Field(default=8, ge=0, le=23, examples=["8"])

    watch_queue_depth: int = Field(default=50, ge=1, examples=["50"])
    metrics_token: str = Field(default="", repr=False)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", examples=["INFO"]
    )
    log_format: Literal["text", "json"] = Field(default="text", examples=["text"])
    log_dir: Path = Field(default=Path("var/log"), examples=["var/log"])

    @field_validator("trusted_proxies", "secret_key_fallbacks")
    @classmethod
    def _readable_edge(cls, value: str, info: ValidationInfo) -> str:
        edge.READERS[str(info.field_name)](value)
        return value

    @field_validator("db_name")
    @classmethod
    def _named_on_a_server(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("db_engine") == "postgresql":
            raise ValueError("is needed when DB_ENGINE is postgresql")
        return value

    @field_validator("dispatch_backend")
    @classmethod
    def _fit_for_several_machines(cls, value: str, info: ValidationInfo) -> str:
        if value == "celery":
            scale.packages("celery", "redis")
            if info.data.get("db_engine") != "postgresql":
                raise ValueError("celery needs DB_ENGINE=postgresql")
        return value

    @field_validator("redis_url", "cache_url")
    @classmethod
    def _address_of_redis(cls, value: str, info: ValidationInfo) -> str:
        name = str(info.field_name)
        if value:
            scale.redis_address(value)
            scale.packages("redis")
        elif name == "redis_url" and info.data.get("dispatch_backend") == "celery":
            raise ValueError("is needed when DISPATCH_BACKEND is celery")
        return value

    @field_validator("accounts")
    @classmethod
    def _known_fallbacks(cls, value: dict[str, AccountSettings]) -> dict[str, AccountSettings]:
        for name, account in value.items():
            if account.fallback and account.fallback not in {*value, "email"} - {name}:
                raise ValueError(f"the FALLBACK of {name} is no other account")
        return value

    @field_validator("phone_account")
    @classmethod
    def _writes_to_phones(cls, value: str, info: ValidationInfo) -> str:
        account = info.data.get("accounts", {}).get(value)
        # An account "email" that is not declared writes files when there is no mail server.
        makeshift = value == "email" and account is None and not info.data.get("email_host")
        if value and not makeshift and (account is None or account.kind not in TO_PHONES):
            raise ValueError(f"is no account of the kind {' or '.join(TO_PHONES)}")
        return value

    @field_validator("working_hours", "working_days", "days_off", "daily_report_recipients")
    @classmethod
    def _readable_rules(cls, value: str, info: ValidationInfo) -> str:
        readers: dict[str, Callable[[str], object]] = {
            "working_hours": sending.hours_of,
            "working_days": sending.weekdays_of,
            "days_off": sending.days_off_of,
            "daily_report_recipients": sending.addresses_of,
        }
        readers[str(info.field_name)](value)
        return value

    @field_validator("oidc_client_id", "oidc_client_secret")
    @classmethod
    def _whole_oidc(cls, value: str, info: ValidationInfo) -> str:
        if bool(value) != bool(info.data.get("oidc_server_url")):
            raise ValueError("goes together with OIDC_SERVER_URL: give all of them or none")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        from zoneinfo import available_timezones

        if value not in available_timezones():
            raise ValueError("not a time zone of the IANA database")
        return value

    @field_validator("phone_region")
    @classmethod
    def _known_region(cls, value: str) -> str:
        from phonenumbers import SUPPORTED_REGIONS

        if value not in SUPPORTED_REGIONS:
            raise ValueError("not a country of ISO 3166, in two capital letters")
        return value

    @field_validator("site_url")
    @classmethod
    def _http_address(cls, value: str) -> str:
        return site.site_url(value)

    @field_validator("allowed_hosts")
    @classmethod
    def _ascii_hosts(cls, value: str) -> str:
        return ",".join(site.allowed_hosts(value))

    @field_validator("default_from_email")
    @classmethod
    def _sender(cls, value: str) -> str:
        return site.ascii_address(value)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (_DotEnv(settings_cls, env_file=ENV_FILE),)


class EnvironmentRefused(Exception):
    """The ``.env`` file cannot be used. ``str()`` gives one line per key."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        wrong = "\n".join(f"  {line}" for line in lines)
        super().__init__(f"{ENV_FILE.name} cannot be used:\n{wrong}\nSee .env.example.")


class _DotEnv(DotEnvSettingsSource):
    """The library's source, but the file is taken literally.

    Its own reader replaces ``${NAME}`` by process variables, which would use them unseen
    and spoil passwords, and it passes over lines that it cannot read.
    """

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {key.lower(): value for key, value in _pairs().items() if value}


def load(text: str | None = None) -> Environment:
    """Read ``.env``, or what somebody wants it to hold.

    Raises EnvironmentRefused with one line per wrong or missing key.
    """
    token = _proposed.set(text)
    try:
        return Environment()
    except SettingsError:
        # A field that is not a plain value, mostly ACCOUNTS=, with something that is no JSON.
        raise EnvironmentRefused(f"ACCOUNTS: {_ONE_LINE_PER_KEY}") from None
    except ValidationError as error:
        raise EnvironmentRefused(
            *(_line(dict(item)) for item in error.errors(include_input=False))
        ) from None
    finally:
        _proposed.reset(token)


def file_text() -> str:
    """The file as it is. Raises EnvironmentRefused."""
    try:
        return ENV_FILE.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise EnvironmentRefused("the file is missing: copy .env.example and fill it in") from None
    except UnicodeDecodeError:
        raise EnvironmentRefused("the file is not UTF-8: save it as UTF-8") from None


def _pairs() -> dict[str, str]:
    """Every NAME=value of the file. Notepad's byte order mark is no part of the first name."""
    proposed = _proposed.get()
    text = (file_text() if proposed is None else proposed).removeprefix("\ufeff")
    # Lines without a key are comments and blank ones.
    found = [line for line in parse_stream(StringIO(text)) if line.error or line.key is not None]
    unreadable = [
        f"line {line.original.line}: is not NAME=value"
        for line in found
        if line.error or line.value is None or not _KEY.fullmatch(line.key or "")
    ]
    if unreadable:
        raise EnvironmentRefused(*unreadable)
    return {str(line.key): str(line.value) for line in found}


#: The keys that stand for as many names as somebody likes.
NESTED: dict[str, type[BaseModel]] = {
    "accounts": AccountSettings,
    "dkim": DkimSettings,
    "sources": SourceSettings,
    "seeds": SeedSettings,
}


def _line(item: dict[str, Any]) -> str:
    """One wrong key in one line: its name, what was wrong, an example."""
    path = [str(part) for part in item["loc"]]
    example = _example(path)
    wrong = {
        "missing": "is missing",
        "extra_forbidden": "is not a known key",
        "dict_type": _ONE_LINE_PER_KEY,
        "model_type": _ONE_LINE_PER_KEY,
    }.get(item["type"], item["msg"].removeprefix("Value error, "))
    return f"{'__'.join(path).upper()}: {wrong}" + (f" (example: {example})" if example else "")


def _example(path: list[str]) -> str:
    model: type[BaseModel] = Environment
    if path[0] in NESTED and len(path) > 1:
        model, path = NESTED[path[0]], path[2:]
    field = model.model_fields.get(path[0].lower()) if path else None
    return str(field.examples[0]) if field is not None and field.examples else ""

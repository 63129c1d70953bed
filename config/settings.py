"""Django's settings, made from the typed ``.env`` (config.environment)."""

from __future__ import annotations

import os
import sys
from typing import Any

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import environment
from config.live_accounts import LiveAccounts
from config.people import *  # noqa: F401, F403
from config.rules import edge, site, version
from config.rules.feedback import topics_of
from config.rules.sending import addresses_of

django_stubs_ext.monkeypatch()

try:
    ENV = environment.load()
except environment.EnvironmentRefused as refused:
    sys.exit(str(refused))

# Databases, logs, uploads and letters in the outbox are for the user alone that runs this.
os.umask(0o077)

BASE_DIR, VERSION = environment.BASE_DIR, version.version_of(environment.BASE_DIR)
VAR_DIR = BASE_DIR / ENV.var_dir
VAR_DIR.mkdir(parents=True, exist_ok=True)

SECRET_KEY = ENV.secret_key
#: Keys of before: what they have signed (links in letters, sessions) is still taken.
SECRET_KEY_FALLBACKS = edge.keys_of(ENV.secret_key_fallbacks)
DEBUG = ENV.debug
ALLOWED_HOSTS = site.allowed_hosts(ENV.allowed_hosts)
SITE_URL = ENV.site_url
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "apps.users.views.csrf_failure"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "ninja",
    "django_htmx",
    "django_structlog",
    "apps.core",
    "apps.users",
    "apps.mailings",
    "apps.delivery",
    "apps.feedback",
    "apps.automations",
    "apps.reports",
    "apps.api",
    "apps.api.webhooks",
]

MIDDLEWARE = [
    "apps.core.http.response_headers.AnswerMiddleware",
    "apps.core.http.proxies.ProxyMiddleware",
    "apps.api.middleware.EitherEndingMiddleware",
    "apps.api.middleware.ProblemsAreJsonMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.users.middleware.ActingMiddleware",
    "apps.users.middleware.IdleSessionMiddleware",
    "apps.users.middleware.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.users.form_submissions.middleware.FormKeyMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
            # Every form carries the key by which it is carried out once.
            "builtins": ["apps.users.templatetags.forms"],
        },
    },
]

# --- Database -------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]]
if ENV.db_engine == "sqlite":
    # WAL with synchronous=FULL: a committed claim survives a power cut. BEGIN IMMEDIATE, because a
    # transaction that reads first and writes later fails at once when another writer came between.
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": BASE_DIR / ENV.db_name if ENV.db_name else VAR_DIR / "vestnik.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": ENV.db_name,
            "USER": ENV.db_user,
            "PASSWORD": ENV.db_password,
            "HOST": ENV.db_host,
            "PORT": ENV.db_port or "",
            "CONN_MAX_AGE": ENV.conn_max_age,
            "CONN_HEALTH_CHECKS": True,
            # A process that is stopped in the middle of a transaction must not keep its locks.
            # Compiling a statement takes half a second, and no page has half a second.
            "OPTIONS": {"options": "-c idle_in_transaction_session_timeout=10000 -c jit=off"},
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": (
            "apps.core.cache.shared.SharedCache"
            if ENV.cache_url
            else "django.core.cache.backends.locmem.LocMemCache"
        ),
        "LOCATION": ENV.cache_url or "vestnik",
        "KEY_PREFIX": "vestnik" if ENV.cache_url else "",
    }
}
CACHE_TIMEOUT_HOME = ENV.cache_timeout_home
CACHE_TIMEOUT_REPORTS = ENV.cache_timeout_reports

# --- People ---------------------------------------------------------------------------------

#: In the session, not in a cookie: the answer to a second click shows what the first one said.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SIGN_UP = edge.sign_up_of(ENV.sign_up, SITE_URL)
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if ENV.oidc_server_url:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "company",
                "name": ENV.oidc_name,
                "client_id": ENV.oidc_client_id,
                "secret": ENV.oidc_client_secret,
                "settings": {"server_url": ENV.oidc_server_url},
            }
        ],
    }

#: Seconds for which a token from /auth/token is valid, calls of one caller in a minute, and
#: whether /docs/ and the OpenAPI document are shown to those who have not signed in.
API_TOKEN_TTL = ENV.api_token_ttl
API_RATE_PER_MINUTE = ENV.api_rate_per_minute
API_DOCS_PUBLIC = ENV.api_docs_public

#: Webhooks of one user, tries for one call, and whether one may go to http:// and into the house.
WEBHOOKS_PER_USER = ENV.webhooks_per_user
WEBHOOK_MAX_TRIES = ENV.webhook_max_tries
WEBHOOK_ALLOW_LOCAL = ENV.webhook_allow_local

# --- Security -------------------------------------------------------------------------------

_HTTPS = SITE_URL.startswith("https://")
TRUSTED_PROXIES = edge.networks_of(ENV.trusted_proxies)
if TRUSTED_PROXIES:
    # From others than these proxies the header does not come through (apps.core.http.proxies).
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
if _HTTPS:
    # Names that a browser takes from this very host over https only.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
#: The longest that a session lasts, and the longest that it lasts unused. In seconds.
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_IDLE_SECONDS = int(ENV.session_idle_hours * 3600)
# Links in mails: behind a proxy the request itself looks like plain HTTP.
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _HTTPS else "http"
SECURE_SSL_REDIRECT = False  # the proxy's job; waitress speaks plain HTTP behind it
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False  # other sites under the domain are not ours to decide on
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY: dict[str, dict[str, list[Any]]] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

if ENV.oidc_server_url:  # the form of the sign-in page is answered by a redirect to it
    _provider = "/".join(ENV.oidc_server_url.split("/")[:3])
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(_provider)

# --- Words, times, files --------------------------------------------------------------------

LANGUAGE_CODE = ENV.language_code
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = ENV.time_zone
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"  # what collectstatic gathers; not needed to run
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True
MEDIA_URL = "media/"
MEDIA_ROOT = VAR_DIR / "media"
#: Uploads lie here and are handed out by views that ask whose they are, never by their path.
PRIVATE_ROOT = VAR_DIR / "private"
_WHOLE = "apps.core.files.storage.WholeFileStorage"
# Everybody may see them: the group may, too, for a server in front that gives them out.
_PICTURES: dict[str, Any] = {
    **{"location": str(VAR_DIR / "pictures"), "base_url": None},
    **{"file_permissions_mode": 0o640, "directory_permissions_mode": 0o750},
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "private": {"BACKEND": _WHOLE, "OPTIONS": {"location": str(PRIVATE_ROOT), "base_url": None}},
    "media": {"BACKEND": _WHOLE, "OPTIONS": _PICTURES},
}
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
#: The routes that take files: there a signed-in user may send more than is read from others.
UPLOAD_ROUTES = {
    *("imports:start", "messages:attach", "messages:import", "brand:edit", "suppressions:add"),
    *("media:list", "media:table", "media:picker", "media:replace", "messages:personal_archive"),
    *("api:list_imports", "api:attach_file", "api:import_message", "api:list_media"),
    "api:put_archive",
}
#: Ten thousand recipients in one call of the API, each with a few attributes.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
#: Ten thousand recipients can be ticked in one form (apps.mailings.views.recipients).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000
IMPORT_MAX_MEGABYTES = ENV.import_max_megabytes
IMPORT_MAX_ROWS = ENV.import_max_rows
MEDIA_QUOTA_MB, MEDIA_BASE_URL = ENV.media_quota_mb, ENV.media_base_url
#: Where the server in front gives out the files of pictures itself; empty: this process does.
MEDIA_ACCEL_REDIRECT = ENV.media_accel_redirect
#: Where people are brought in from, by name; pages name them and write neither SQL nor addresses.
SOURCES = {name: found.declared(name) for name, found in ENV.sources.items()}
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- Mail of the site itself (confirmations, resets); mailings go through the accounts --------

DEFAULT_FROM_EMAIL = ENV.default_from_email
EMAIL_TIMEOUT = ENV.email_timeout
if ENV.email_host:
    EMAIL_BACKEND = "apps.delivery.email_backend.SiteMailBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "outbox" / "account"

# --- Delivery -------------------------------------------------------------------------------

#: The accounts of ``.env``: a change of the file is taken over while the process runs.
ACCOUNT_DECLARATIONS = LiveAccounts(ENV)
#: The mail server of the site itself, and the account "email" when no other is declared.
SITE_MAIL = ACCOUNT_DECLARATIONS.current().site_mail
ACCOUNTS = ACCOUNT_DECLARATIONS.accounts
PHONE_ACCOUNT, PHONE_REGION = ENV.phone_account, ENV.phone_region
OUTBOX_DIR = VAR_DIR / "outbox"
JOURNAL_DIR = VAR_DIR / "journal"
#: Who looks and sends: this process and its threads, or Celery's beat and workers over Redis.
DISPATCH_BACKEND = ENV.dispatch_backend
REDIS_URL = ENV.redis_url
DISPATCH_UNKNOWN_POLICY = ENV.dispatch_unknown_policy
DISPATCH_LEASE_SECONDS = ENV.dispatch_lease_seconds
DISPATCH_MAX_TRIES = ENV.dispatch_max_tries
DISPATCH_RETRY_SECONDS = ENV.dispatch_retry_seconds
DISPATCH_MAX_REFUSALS = ENV.dispatch_max_refusals
#: When each account may send; None is always. What an account does not say, the house says.
ACCOUNT_HOURS = ACCOUNT_DECLARATIONS.hours
#: Who may send by an account; nobody named: everybody.
ACCOUNT_USERS = ACCOUNT_DECLARATIONS.users
#: The keys that email is signed with, by their names.
DKIM_KEYS = ACCOUNT_DECLARATIONS.dkim_keys
#: Mailboxes of our own that probes are sent to, by their names.
SEEDS = ACCOUNT_DECLARATIONS.seeds
LIMIT_PER_USER_DAY = edge.user_limit_of(ENV.limit_per_user_day, SIGN_UP, SITE_URL)
LIMIT_PER_NEW_USER_DAY = ENV.limit_per_new_user_day
LIMIT_BOUNCE_PERCENT = ENV.limit_bounce_percent
LIMIT_COMPLAINT_PERCENT = ENV.limit_complaint_percent
LIMIT_ACCOUNT_COMPLAINT_PERCENT = ENV.limit_account_complaint_percent
LIMIT_STARTS_PER_HOUR = ENV.limit_starts_per_hour
CONSENT_REQUIRED = ENV.consent_required
LIMIT_TESTS_PER_HOUR = ENV.limit_tests_per_hour
MISSED_START_MINUTES = ENV.missed_start_minutes
#: What a start asks of a mailing's preflight, and the spam filter that it asks.
PREFLIGHT, SPAM_CHECK = ENV.preflight, ENV.spam_check
APPROVAL, APPROVAL_ABOVE = ENV.approval, ENV.approval_above
DAILY_REPORT_RECIPIENTS = addresses_of(ENV.daily_report_recipients)
DAILY_REPORT_HOUR = ENV.daily_report_hour
WATCH_QUEUE_DEPTH, METRICS_TOKEN = ENV.watch_queue_depth, ENV.metrics_token
SCHEDULER_ENABLED = ENV.scheduler_enabled
SCHEDULER_FIRST_RUN_DELAY = ENV.scheduler_first_run_delay
SCHEDULER_CHECK_INTERVAL_MINUTES = ENV.scheduler_check_interval_minutes

# --- What comes back ------------------------------------------------------------------------

HOOK_SECRET = ENV.hook_secret
HOOK_BREVO_LOGIN = ENV.hook_brevo_login
HOOK_MAILERSEND_KEY = ENV.hook_mailersend_key
HOOK_MAILGUN_KEY = ENV.hook_mailgun_key
HOOK_MAILJET_LOGIN = ENV.hook_mailjet_login
HOOK_MAILTRAP_KEY = ENV.hook_mailtrap_key
HOOK_MANDRILL_KEY = ENV.hook_mandrill_key
HOOK_POSTAL_KEY = ENV.hook_postal_key
HOOK_POSTMARK_LOGIN = ENV.hook_postmark_login
HOOK_RESEND_KEY = ENV.hook_resend_key
HOOK_SENDGRID_KEY = ENV.hook_sendgrid_key
HOOK_SPARKPOST_LOGIN = ENV.hook_sparkpost_login
HOOK_UNISENDER_GO_KEY = ENV.hook_unisender_go_key
HOOK_SES_TOPICS = topics_of(ENV.hook_ses_topics)
HOOK_GENERIC_KEY = ENV.hook_generic_key
TRACKING, TRACKING_TEXT, TRACKING_CHOICE, TRACKING_KEEP_DAYS, LINK_URL = ENV.measuring
#: Hours after which who has not confirmed a sign-up is reminded once; 0: nobody is.
SIGNUP_REMINDER_HOURS = ENV.signup_reminder_hours
BOUNCE_ADDRESS, TRACKING_APPLE_RELAYS = ENV.bounce_address, ENV.tracking_apple_relays
BOUNCE_MAILBOX: dict[str, Any] = {
    "host": ENV.bounce_imap_host,
    "port": ENV.bounce_imap_port,
    "security": ENV.bounce_imap_security,
    "username": ENV.bounce_imap_username,
    "password": ENV.bounce_imap_password,
    "folder": ENV.bounce_imap_folder,
}

# --- Personal data --------------------------------------------------------------------------

ERASURE_KEYS, ERASURE_GRACE_DAYS = edge.keys_of(ENV.erasure_keys), ENV.erasure_grace_days
UNCONFIRMED_DAYS, IMPORT_FILES_DAYS, EVENTS_DAYS, AUDIT_DAYS, EVIDENCE_DAYS = ENV.kept_days
LEFT_OUT_KEPT_DAYS, TRANSACTIONAL_DAYS, NOTIFICATIONS_DAYS, LOG_DAYS = ENV.kept_on_wish
PERSONAL_FILES_DAYS, PERSONAL_FILES_QUOTA_MB = ENV.personal_files_days, ENV.personal_files_quota_mb

# --- Logging --------------------------------------------------------------------------------

from apps.core.logs.masking import Masking  # noqa: E402
from config.logging import SUBJECTS as _LOG_SUBJECTS  # noqa: E402
from config.logging import configure as _configure_logging  # noqa: E402

LOGGING_CONFIG = None
# The visitor's address is what the trusted proxies say, not what any header says.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
LOG_DIR = BASE_DIR / ENV.log_dir
#: Addresses in logs are readable in development only; secrets nowhere.
LOG_MASKING = Masking(SECRET_KEY, addresses=not DEBUG)
LOG_SUBJECTS: dict[str, str] = _LOG_SUBJECTS
_configure_logging(level=ENV.log_level, directory=LOG_DIR, form=ENV.log_format, masking=LOG_MASKING)

if DISPATCH_BACKEND == "celery":
    # Every process that asks for a task (a page, a command) must know the broker.
    import config.celery  # noqa: F401

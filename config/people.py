"""Django's and allauth's settings for people that no key of ``.env`` changes."""

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "apps.users.authentication.adapter.AccountAdapter"
ACCOUNT_FORMS = {"signup": "apps.users.authentication.sign_up.SignUpForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 1
#: Only in the browser that has just signed up: a link alone lets nobody in.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # this browser stays; the hash ends all others
#: A session alone does not change how somebody signs in: the password is asked for again, and the
#: address that was there before is notified.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_RATE_LIMITS = {
    # The key of a failed sign-in is account and visitor: nobody keeps somebody else out by it.
    # The account's own limit, against a guess from many places, is far above what one place gets.
    "login_failed": "10/m/ip,5/300s/key",
    "login_failed_account": "100/h/key",
    "reset_password": "20/m/ip,1/300s/key,5/d/key",
    "confirm_email": "1/d/key",
}
#: Sign-in by one OpenID Connect provider, when ``.env`` names it. An account is joined only by an
#: address that the provider has confirmed; what somebody may do is never taken from it.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = "oidc"
SOCIALACCOUNT_ADAPTER = "apps.users.authentication.single_sign_on.SocialAccountAdapter"
MFA_ADAPTER = "apps.users.authentication.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Vestnik"

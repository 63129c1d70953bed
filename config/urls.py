"""All the URLs of the site."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.staticfiles.storage import staticfiles_storage
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from apps.users.authentication import single_sign_on
from apps.users.views import SignOut

# The admin has no sign-in of its own: the one with confirmed addresses and limits serves it too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

admin.site.site_header = admin.site.site_title = _("Vestnik")

handler500 = "apps.core.http.error_pages.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    # First, because providers call it hundreds of times a second.
    path("", include("apps.feedback.urls")),
    path("", include("apps.feedback.signup_urls")),
    # As often, by everybody who opens a letter.
    path("", include("apps.mailings.urls.media")),
    path("", include("apps.reports.urls")),
    path("", include("apps.users.urls")),
    path("", include("apps.mailings.urls.privacy")),
    path("", include("apps.mailings.urls.recipients")),
    path("", include("apps.mailings.urls.segments")),
    path("", include("apps.mailings.urls.attributes")),
    path("", include("apps.mailings.urls.imports")),
    path("", include("apps.mailings.urls.lists")),
    path("", include("apps.mailings.urls.suppressions")),
    path("", include("apps.mailings.urls.messages")),
    path("", include("apps.mailings.urls.brand")),
    path("", include("apps.mailings.urls.blocks")),
    path("", include("apps.mailings.urls.templates")),
    path("", include("apps.mailings.urls.mailings")),
    path("", include("apps.mailings.urls.search")),
    path("", include("apps.automations.urls")),
    path("", include("apps.delivery.urls.running")),
    path("", include("apps.delivery.urls.sending")),
    path("", include("apps.delivery.urls.senders")),
    path("", include("apps.delivery.urls.probes")),
    path("", include("apps.api.urls", namespace="api")),
    path("", include("apps.api.webhooks.urls")),
    # Ours before allauth's own of the same names.
    path("accounts/logout/", SignOut.as_view(), name="account_logout"),
    path(
        "accounts/oidc/<slug:provider_id>/login/",
        single_sign_on.sign_in,
        name="openid_connect_login",
    ),
    path(
        "accounts/oidc/<slug:provider_id>/login/callback/",
        single_sign_on.come_back,
        name="openid_connect_callback",
    ),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/", include("allauth.socialaccount.urls")),
    path("accounts/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    # Asked for by browsers that have not read a page yet.
    path(
        "favicon.ico",
        RedirectView.as_view(url=staticfiles_storage.url("img/favicon.svg")),
        name="favicon",
    ),
]

from django.urls import path

from apps.delivery.views.account_forms import AccountEdit, AccountNew, AccountRemove
from apps.delivery.views.accounts import (
    AccountDisable,
    AccountDomain,
    AccountList,
    AccountSwitch,
    AccountTest,
)
from apps.delivery.views.domains import DomainCheck, DomainList, ReputationAllow

app_name = "sending"

urlpatterns = [
    path("management/sending-domains/", DomainList.as_view(), name="domains"),
    path("management/sending-domains/check/", DomainCheck.as_view(), name="check_domain"),
    path("management/sending-domains/allow/", ReputationAllow.as_view(), name="allow_sending"),
    path("management/accounts/", AccountList.as_view(), name="accounts"),
    path("management/accounts/new/", AccountNew.as_view(), name="new"),
    path("management/accounts/<slug:name>/edit/", AccountEdit.as_view(), name="edit"),
    path("management/accounts/<slug:name>/remove/", AccountRemove.as_view(), name="remove"),
    path("management/accounts/<slug:name>/domain/", AccountDomain.as_view(), name="domain"),
    path("management/accounts/<slug:name>/disable/", AccountDisable.as_view(), name="disable"),
    path("management/accounts/<slug:name>/switch/", AccountSwitch.as_view(), name="switch"),
    path("management/accounts/<slug:name>/test/", AccountTest.as_view(), name="test"),
]

from django.urls import path

from apps.mailings.views.lists.members import ConsentPage
from apps.mailings.views.recipient_bulk import RecipientBulk
from apps.mailings.views.recipients import (
    RecipientCreate,
    RecipientDelete,
    RecipientDetail,
    RecipientEdit,
    RecipientList,
    RecipientRestore,
)
from apps.mailings.views.suppressing.recipient import Lift, Suppress
from apps.mailings.views.tags import TagEdit, TagList, TagSuggestions
from apps.mailings.views.why import RecipientWhy

app_name = "recipients"

urlpatterns = [
    path("recipients/", RecipientList.as_view(), name="list"),
    path("recipients/new/", RecipientCreate.as_view(), name="create"),
    path("recipients/bulk/", RecipientBulk.as_view(), name="bulk"),
    path("recipients/export/<slug:form>/", RecipientList.as_view(), name="export"),
    path("recipients/tags/", TagList.as_view(), name="tags"),
    path("recipients/tags/suggestions/", TagSuggestions.as_view(), name="tag_suggestions"),
    path("recipients/tags/<int:pk>/", TagEdit.as_view(), name="tag"),
    path("recipients/<int:pk>/", RecipientDetail.as_view(), name="detail"),
    path("recipients/<int:pk>/edit/", RecipientEdit.as_view(), name="edit"),
    path("recipients/<int:pk>/consent/", ConsentPage.as_view(), name="consent"),
    path("recipients/<int:pk>/why/", RecipientWhy.as_view(), name="why"),
    path("recipients/<int:pk>/delete/", RecipientDelete.as_view(), name="delete"),
    path("recipients/<int:pk>/restore/", RecipientRestore.as_view(), name="restore"),
    path("recipients/<int:pk>/suppress/", Suppress.as_view(), name="suppress"),
    path("recipients/<int:pk>/suppressions/<int:number>/lift/", Lift.as_view(), name="lift"),
]

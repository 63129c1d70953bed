from django.urls import path

from apps.automations.views.acting import Ask, AutomationAct, Switch
from apps.automations.views.editing import AutomationEdit, StepEdit
from apps.automations.views.pages import AutomationCreate, AutomationDetail, AutomationList
from apps.automations.views.people import (
    AutomationPeople,
    EnrolPeople,
    PeopleAct,
    RecipientAutomations,
)
from apps.automations.views.recipients import RecipientsAct
from apps.automations.views.rules import RulesEdit, TriggerEdit
from apps.automations.views.trying import TryOut

app_name = "automations"

urlpatterns = [
    path("automations/", AutomationList.as_view(), name="list"),
    path("automations/recipients/", RecipientsAct.as_view(), name="recipients"),
    path("automations/new/", AutomationCreate.as_view(), name="create"),
    path("automations/<int:pk>/", AutomationDetail.as_view(), name="detail"),
    path("automations/<int:pk>/edit/", AutomationEdit.as_view(), name="edit"),
    path("automations/<int:pk>/edit/trigger/", TriggerEdit.as_view(), name="trigger"),
    path("automations/<int:pk>/edit/rules/", RulesEdit.as_view(), name="rules"),
    path("automations/<int:pk>/edit/steps/<slug:key>/", StepEdit.as_view(), name="step"),
    path("automations/<int:pk>/try/", TryOut.as_view(), name="try"),
    path("automations/<int:pk>/people/", AutomationPeople.as_view(), name="people"),
    path(
        "automations/<int:pk>/people/export/<slug:form>/",
        AutomationPeople.as_view(),
        name="people_export",
    ),
    path("automations/<int:pk>/people/act/", PeopleAct.as_view(), name="people_act"),
    path("automations/<int:pk>/people/add/", EnrolPeople.as_view(), name="enrol"),
    path("automations/<int:pk>/switch/", Switch.as_view(), name="switch"),
    path("automations/<int:pk>/<slug:act>/ask/", Ask.as_view(), name="ask"),
    path("automations/<int:pk>/act/<slug:act>/", AutomationAct.as_view(), name="act"),
    path("recipients/<int:pk>/automations/", RecipientAutomations.as_view(), name="of_recipient"),
]

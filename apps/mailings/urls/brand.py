from django.urls import path

from apps.mailings.views.reuse.brand import BrandFrame, BrandPage

app_name = "brand"

urlpatterns = [
    path("brand/", BrandPage.as_view(), name="edit"),
    path("brand/frame/", BrandFrame.as_view(), name="frame"),
]

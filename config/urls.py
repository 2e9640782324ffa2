"""Addresses."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views import defaults
from django.views.generic import RedirectView

from config.web.answers import bad_request, server_error, without_the_database
from workflows.api.views.unknown import UnknownAddressView

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("workflows.api.urls")),
    re_path(r"^api/", UnknownAddressView.as_view()),
    path("approvals/", include("workflows.pages.urls")),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]

# The reader may have another language than the browser.
handler400 = bad_request
handler403 = without_the_database(defaults.permission_denied)
handler404 = without_the_database(defaults.page_not_found)
handler500 = server_error

admin.site.site_header = "Sayr"
admin.site.site_title = "Sayr"

"""Addresses of the pages."""

from django.urls import URLPattern, path

from workflows.pages.approval_link import ApprovalLinkView

urlpatterns: list[URLPattern] = [
    path("<str:token>/", ApprovalLinkView.as_view(), name="approval-link"),
]

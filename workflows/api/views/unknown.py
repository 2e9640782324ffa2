"""Every other address: a problem in JSON, not Django's page."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from workflows.api.refusals import ApiProblem


class UnknownAddressView(APIView):
    """Answers 404 to all methods."""

    authentication_classes = ()
    permission_classes = ()
    schema = None  # not part of the description

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse before the method is looked at."""
        super().initial(request, *args, **kwargs)
        raise ApiProblem("unknown_address")

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Never reached: a view needs a method."""
        raise ApiProblem("unknown_address")

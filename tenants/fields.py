"""Model fields that keep what they were given."""

import json
from decimal import Decimal
from typing import Any

from django.db import models

from tenants import jsontext


class ExactDecoder(json.JSONDecoder):
    """Reads fractions as Decimal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "parse_float": Decimal})


class ExactEncoder(json.JSONEncoder):
    """Writes Decimal as a number, with all its digits."""

    def encode(self, value: Any) -> str:
        """Return JSON text that jsonb takes."""
        return jsontext.storable(value)


class ExactJSONField(models.JSONField):
    """JSON whose numbers come back with the digits they had; plain JSONField makes floats."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "encoder": ExactEncoder, "decoder": ExactDecoder})

    def deconstruct(self) -> Any:
        """Leave out what every such field has."""
        name, path, args, options = super().deconstruct()
        del options["encoder"], options["decoder"]
        return name, path, args, options

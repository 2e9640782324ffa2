"""An action's parameters as a form and back.

In the form every key is there and every scalar is text. What text cannot tell (the number 5 from
the text "5", an empty text from no text) is kept beside it, under the place's JSON pointer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from workflows.admin.editor.leaves import (
    ABSENT,
    SCALAR_TYPES,
    Absence,
    number_of,
    packed,
    shown,
    written,
)
from workflows.admin.editor.nodes import SCALARS, TEXT, Node
from workflows.definition.problems import pointer
from workflows.definition.templates.compiled import is_template
from workflows.definition.values import same_json

Json = Any
Form = Any

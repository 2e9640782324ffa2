"""Words of Django's own pages that our Arabic says otherwise: buttons as nouns, as everywhere here.

They stand here so that they are in our catalogue, which is asked before Django's.
"""

from typing import Final

from django.utils.translation import gettext_noop

SAID_OTHERWISE: Final = (
    gettext_noop("Save"),
    gettext_noop("Save and continue editing"),
    gettext_noop("Save and add another"),
    gettext_noop("Change password"),
    gettext_noop("Filter"),
    gettext_noop("0 of %(cnt)s selected"),
    # Behind which marks a label has no colon.
    gettext_noop(":?.!"),
)

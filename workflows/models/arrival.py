"""The order in which runs were written, by the database."""

from django.db.models import BigIntegerField, Func


class NextArrival(Func):
    """The next number. Clocks of hosts differ, and so do the ids that they make."""

    function = "nextval"
    template = "nextval('workflow_run_arrivals')"
    arity = 0
    output_field = BigIntegerField()

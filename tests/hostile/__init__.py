"""What hostile people send, and every door by which it could come in.

`values.py` has the hostile values by kind, `doors.py` the doors, `site.py` what both are tried on.
A new kind is a row of a table; so is a new door.
"""

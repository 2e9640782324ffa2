"""Dates in English: the day first, the clock of 24 hours, as in every sentence of ours.

Django's own is “Nov. 30, 2026, 2:05 a.m.”. Numbers stay as they are.
"""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y H:i"
SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y H:i"

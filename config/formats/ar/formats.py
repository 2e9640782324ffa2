"""Dates and numbers in Arabic: the day first, the clock of 24 hours, 1,250.50.

Django writes 1250,50 as in the Maghreb, and has no moment of its own: “نوفمبر 22, 2026, 11:21 م”.
"""

DATE_FORMAT = "j F Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j F Y، H:i"
SHORT_DATE_FORMAT = "d/m/Y"
SHORT_DATETIME_FORMAT = "d/m/Y H:i"
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
FIRST_DAY_OF_WEEK = 0  # Sunday

"""What differs between two documents, as values from which the new one can be made again.

`differ.diff(old, new)` finds the changes. The tests carry them out: so nothing is lost.
"""

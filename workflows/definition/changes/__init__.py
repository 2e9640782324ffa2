"""What differs between two documents, as values from which the new one can be made again.

`differ.diff(old, new)` finds the changes, `applying.apply(old, changes)` carries them out.
"""

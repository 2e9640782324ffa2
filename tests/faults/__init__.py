"""`make faults`: processes are killed, servers die, and what is left behind is counted."""

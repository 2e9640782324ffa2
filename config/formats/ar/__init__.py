"""Arabic, as it is written in Lebanon and Saudi Arabia."""

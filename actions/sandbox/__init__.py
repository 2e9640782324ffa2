"""Stand-ins for the providers: for the demo, rehearsals and tests. Nothing leaves this machine."""

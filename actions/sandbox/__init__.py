"""Stand-ins for the providers: for the demo, dry runs and tests. Nothing leaves this machine."""

"""What other apps' templates may show of workflows."""

"""What a step can do to the outside world. Knows nothing of workflows."""

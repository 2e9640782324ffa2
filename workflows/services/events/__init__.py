"""Events: firing them, which workflows they start and why, finding them again."""

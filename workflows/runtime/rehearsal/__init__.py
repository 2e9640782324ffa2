"""The rehearsal hands: what a workflow would do, in a transaction that is always rolled back."""

"""The hands: claim runs, carry their steps out, write what became of them."""

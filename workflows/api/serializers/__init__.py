"""What answers tell and what requests may say: each once, to write, to check and to describe it."""

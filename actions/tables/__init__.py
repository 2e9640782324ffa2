"""The host's tables as actions read and write them."""

"""What differs between two documents, in words."""

"""Mail: who it is for, how it is composed, and what the server says to each recipient."""

"""Message templates: their drafts, what steps send of them, and a mail to try them with."""

"""The one door: one use case per function. Admin, API, triggers and code all come through here."""

"""Keys, fields and statements on Django's connections."""

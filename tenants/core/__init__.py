"""What every app stands on: ids, JSON, text, values, database access. It knows no model."""

"""The values of the language: JSON, numbers, dates, durations, and how they compare."""

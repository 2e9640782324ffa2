"""Values of JSON: numbers, moments, paths, and how they compare; time zones and currencies."""

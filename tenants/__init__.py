"""Who uses Sayr, and the records they keep."""

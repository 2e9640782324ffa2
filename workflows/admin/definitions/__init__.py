"""Pages of workflows: list, form, export and import, what stands beside the document."""

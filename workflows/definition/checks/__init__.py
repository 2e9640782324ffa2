"""The checks of a document, one concern per module. `workflows.definition.validate` runs them."""

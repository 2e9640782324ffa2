"""The document as the editor's form, and back."""

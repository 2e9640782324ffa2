"""What the editor asks while somebody edits."""

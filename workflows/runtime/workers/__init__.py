"""Worker processes: claiming runs, living, dying, and taking over from the dead."""

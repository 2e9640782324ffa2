"""The step editor: a workflow's document as a form for people who have never seen JSON."""

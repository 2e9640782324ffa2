"""Approvals: who is asked and told, who may decide, what they answered."""

"""How a message to a team looks in Slack and in Teams: its markup, its limits, its body."""

"""The web application towards its visitors: their share of it, and what they are told."""

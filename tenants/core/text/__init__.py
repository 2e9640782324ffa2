"""Text from people: characters, names, addresses, phone numbers, and how they compare."""

"""Business rules. Every interface calls these, and nothing else reads or changes data."""

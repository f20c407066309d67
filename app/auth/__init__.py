"""Authentication: passwords, sessions, API tokens with scopes, and the Actor that results."""

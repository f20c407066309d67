"""Who asks: accounts with passwords, sessions, API tokens with scopes, and the Actor that both become."""

"""Who asks: accounts with passwords, API tokens with scopes, and the Actor that both become."""

"""GraphQL interface: parse, call a resolver, present."""

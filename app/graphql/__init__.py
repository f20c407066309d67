"""The GraphQL face: parse, resolve, present."""

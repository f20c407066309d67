"""The documented REST API, as old clients know it: parse, resolve, present."""

"""The rules of the house. Every face calls these, and nothing else changes or shows a thing."""

"""Servers that tests need beside ours: real ones, of this machine alone, which end with the session."""

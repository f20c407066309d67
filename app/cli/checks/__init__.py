"""Checks of `pichub doctor`, with advice."""

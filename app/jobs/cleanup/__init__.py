"""Removes unused data: objects without a row, variants over the size budget, expired rows."""

"""Removes what nobody needs any more: bytes whose row never came or has gone, variants over their budget, old rows."""

"""How much each may do in a time: policies, and who counts what was spent of them."""

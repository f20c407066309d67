"""What is done to a real server on purpose, and the promises that must hold all the same. `scripts/torture` runs it."""

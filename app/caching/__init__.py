"""In-memory cache of responses and rows, and its invalidation."""

"""Outgoing requests to URLs from users: public networks only, one deadline, bounded responses."""

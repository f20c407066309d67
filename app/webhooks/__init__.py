"""Webhooks: events become deliveries, which are sent until they succeed or are exhausted."""

"""What is owed to webhooks: events become deliveries, deliveries are sent until they succeed or are given up."""

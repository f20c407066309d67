"""Requests to addresses that strangers chose: to public networks only, one deadline, and little read back."""

"""Processes take turns at what each would else do for itself: on one machine (`folder`), on several (`redis`)."""

"""What happened: the kinds of events, their recording in the transaction of a change, and the feed of new ones."""

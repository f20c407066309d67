"""Events: their types, recording in the transaction of a change, and the feed of new ones."""

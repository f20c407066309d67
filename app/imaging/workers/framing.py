"""How the server, the nursery and the workers talk to each other."""

import pickle
import struct
from typing import Any

ORDER = struct.Struct("!cI")
"""What the nursery is told: a verb, and whom it is about."""

HIRE, DISMISS = b"h", b"d"

LENGTH = struct.Struct("!I")
"""A message is its pickle behind its length."""


def pack(message: Any) -> bytes:
    data = pickle.dumps(message)
    return LENGTH.pack(len(data)) + data

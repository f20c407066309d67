"""Message framing between the server, the fork server and the workers."""

import pickle
import struct
from typing import Any

ORDER = struct.Struct("!cI")
"""A command to the fork server: verb and process id."""

HIRE, DISMISS = b"h", b"d"

LENGTH = struct.Struct("!I")
"""A message is its pickle after its length."""


def pack(message: Any) -> bytes:
    data = pickle.dumps(message)
    return LENGTH.pack(len(data)) + data

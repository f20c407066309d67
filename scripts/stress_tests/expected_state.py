"""The expected state of a server: requests sent, and which of them were acknowledged."""

from dataclasses import dataclass, field
from enum import Enum, auto

from scripts.stress_tests.tiny_images import TinyImage


class Deletion(Enum):
    NEVER = auto()
    DOUBTFUL = auto()
    """Requested, but no response arrived."""
    HAPPENED = auto()
    """Was doubtful, and the row is gone: the cleanup has to finish it."""
    ACKNOWLEDGED = auto()


@dataclass
class ExpectedImage:
    """An image whose upload was acknowledged, or is known to have succeeded.

    `titles` and `albums` hold the values its row may have: several after a change without a response.
    """

    id: str
    source: TinyImage
    titles: set[str | None] = field(default_factory=lambda: {None})
    albums: set[str | None] = field(default_factory=lambda: {None})
    deletion: Deletion = Deletion.NEVER
    rendering: int = 0
    """Renders requested without a response."""

    @property
    def must_exist(self) -> bool:
        return self.deletion is Deletion.NEVER

    @property
    def must_be_gone(self) -> bool:
        return self.deletion in {Deletion.ACKNOWLEDGED, Deletion.HAPPENED}


@dataclass
class ExpectedState:
    """Expected rows. `sent` holds uploads without a response, by digest; `refused` those answered with an error."""

    images: dict[str, ExpectedImage] = field(default_factory=dict)
    sent: dict[str, TinyImage] = field(default_factory=dict)
    refused: dict[str, TinyImage] = field(default_factory=dict)
    album_names: dict[str, set[str]] = field(default_factory=dict)
    """Possible names of each album, as in `ExpectedImage.titles`."""
    edits: set[tuple[str, str]] = field(default_factory=set)
    """Acknowledged changes: (album, new name)."""
    moves: set[tuple[str, str]] = field(default_factory=set)
    """Acknowledged moves: (image, target album)."""
    operations: int = 0
    acknowledged: int = 0

    @property
    def present(self) -> list[ExpectedImage]:
        return [image for image in self.images.values() if image.must_exist]

    @property
    def gone(self) -> list[ExpectedImage]:
        return [image for image in self.images.values() if image.must_be_gone]

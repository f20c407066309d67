"""What was asked of a server, and what it has acknowledged: what must be there, what must not, what may be either."""

from dataclasses import dataclass, field
from enum import Enum, auto

from scripts.stress_tests.tiny_images import Specimen


class Deletion(Enum):
    NEVER = auto()
    DOUBTFUL = auto()
    """It was asked for, and no answer came."""
    HAPPENED = auto()
    """It was doubtful, and the row has gone: the sweep has to finish it."""
    ACKNOWLEDGED = auto()


@dataclass
class Kept:
    """An image whose upload was acknowledged, or was found to have happened.

    `titles` and `albums` are what may stand in its row: one value, and more where a change was not answered.
    """

    id: str
    specimen: Specimen
    titles: set[str | None] = field(default_factory=lambda: {None})
    albums: set[str | None] = field(default_factory=lambda: {None})
    deletion: Deletion = Deletion.NEVER
    rendering: int = 0
    """Renders that were asked for and not answered."""

    @property
    def must_be_there(self) -> bool:
        return self.deletion is Deletion.NEVER

    @property
    def must_be_gone(self) -> bool:
        return self.deletion in {Deletion.ACKNOWLEDGED, Deletion.HAPPENED}


@dataclass
class Ledger:
    """`sent` are uploads without an answer, by the digest of their bytes; `refused` were answered, and not with yes."""

    images: dict[str, Kept] = field(default_factory=dict)
    sent: dict[str, Specimen] = field(default_factory=dict)
    refused: dict[str, Specimen] = field(default_factory=dict)
    album_names: dict[str, set[str]] = field(default_factory=dict)
    """What each album may be called, as `Kept.titles`."""
    edits: set[tuple[str, str]] = field(default_factory=set)
    """Acknowledged: (album, new name)."""
    moves: set[tuple[str, str]] = field(default_factory=set)
    """Acknowledged: (image, album that it entered)."""
    operations: int = 0
    acknowledged: int = 0

    @property
    def present(self) -> list[Kept]:
        return [image for image in self.images.values() if image.must_be_there]

    @property
    def gone(self) -> list[Kept]:
        return [image for image in self.images.values() if image.must_be_gone]

from collections.abc import Awaitable, Callable, Mapping

from app.storage.base import Amount
from app.sweep import objects
from app.sweep.round import Round

STEPS: Mapping[str, Callable[[Round], Awaitable[Amount]]] = {
    "originals": objects.originals,
    "intermediates": objects.intermediates,
    "variants": objects.variants,
    "variants over budget": objects.surplus,
    "incoming files": objects.incoming,
}
"""What a round does, in this order: the first finds out whether orphans are what they seem, for the next two."""

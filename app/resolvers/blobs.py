"""Where an image's bytes lie in storage, and how they come and go together with its row.

originals/{image_id}.{ext}               the uploaded file, byte for byte
variants/{image_id}/{digest}.{ext}       what was made of it; can be made again
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.context import Context
from app.imaging.transform import Recipe
from app.models import Image


def original_key(image_id: str, extension: str) -> str:
    return f"originals/{image_id}.{extension}"


def variant_key(image: Image, recipe: Recipe) -> str:
    return f"{_variants_of(image)}/{recipe.digest}.{recipe.format.extension}"


@asynccontextmanager
async def stored(ctx: Context, key: str, file: Path) -> AsyncIterator[None]:
    """Keeps the bytes of `file` under `key` for good, unless the block fails: then they go again.

    The bytes come first and the row second: a crash between them leaves bytes without a row, never a row without bytes.
    """
    await ctx.services.storage.put(key, file)
    try:
        yield
    except BaseException:
        await ctx.services.storage.delete(key)
        raise


async def erase(ctx: Context, image: Image) -> int:
    """Removes the original and every variant, once the row is gone. How many variants there were."""
    await ctx.services.storage.delete(image.key)
    return await erase_variants(ctx, image)


async def erase_variants(ctx: Context, image: Image) -> int:
    return await ctx.services.storage.delete_under(_variants_of(image))


def _variants_of(image: Image) -> str:
    return f"variants/{image.id}"

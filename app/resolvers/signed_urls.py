"""Access to private images: by their owner, and through signed URLs."""

from app.auth.actor import Scope
from app.context import Context
from app.errors import Forbidden, InvalidParameter, NotFound
from app.imaging.transform import Transform
from app.models import Image
from app.signing.signature import Signature

MAX_LIFETIME_SECONDS = 7 * 24 * 60 * 60
"""Maximum lifetime of a signed URL."""


async def sign(ctx: Context, image: Image, transform: Transform, *, expires_in: int) -> Signature:
    """Sign this transform of the caller's image for `expires_in` seconds.

    Raises Unauthorized, Forbidden, MissingScope, InvalidParameter, BadKeyring.
    """
    actor = ctx.require(Scope.IMAGES_READ)
    if image.owner_id != actor.id:
        raise Forbidden(
            "The image {id} belongs to another account; only its owner can sign URLs",
            reason="not_owner",
            id=image.id,
        )
    if not 1 <= expires_in <= MAX_LIFETIME_SECONDS:
        raise InvalidParameter("expiresIn", expires_in, f"seconds from 1 to {MAX_LIFETIME_SECONDS} (7 days)")
    exp = int(ctx.now().timestamp()) + expires_in
    secret = await ctx.services.images.keyring.signing_secret()
    return Signature.make(image.id, transform.query(), exp=exp, secret=secret)


async def authorize(
    ctx: Context, image: Image, transform: Transform, signature: Signature | None
) -> int | None:
    """Authorize access to the image. Return the Unix second at which it ends, if it depends on the signature.

    Raises NotFound, MissingScope.
    """
    try:
        _authorize_unsigned(ctx, image)
    except (NotFound, Forbidden):
        if signature is None or not await is_valid(ctx, image, transform, signature):
            raise
        return signature.exp
    return None


def _authorize_unsigned(ctx: Context, image: Image) -> None:
    if not image.is_visible_to(ctx.account_id):
        raise NotFound("image", image.id)
    if not image.is_public:
        ctx.require_token_scope(Scope.IMAGES_READ)


async def is_valid(ctx: Context, image: Image, transform: Transform, signature: Signature) -> bool:
    """Return True if the signature is valid now for this transform of the image."""
    now = ctx.now()
    secrets = await ctx.services.images.keyring.valid_secrets(now)
    return signature.verify(image.id, transform.query(), now=now.timestamp(), secrets=secrets)

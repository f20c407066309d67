"""Resumable uploads: files sent in pieces over several connections."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from tortoise.transactions import in_transaction

from app.auth.actor import Scope
from app.cancellation import shield_until_done
from app.context import Context, RateLimit
from app.errors import (
    MEGABYTE,
    BadRequest,
    Busy,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    Locked,
    NotFound,
    OutOfStorage,
    OverQuota,
    PicHubError,
    TooLarge,
    UnsupportedFormat,
    WrongOffset,
)
from app.ids import Kind, kind_of, new_id
from app.models import Account, Image, UploadState, UploadTicket
from app.resolvers import images, quotas, stored_files
from app.resolvers.images import ImageMetadata, NewImage
from app.resolvers.validation import Validator
from app.storage import keys
from app.storage.base import ObjectMissing
from app.uploads.multipart import Checksum, FormLimits, Upload, UploadInterrupted, receive_pieces

LIFETIME = timedelta(hours=24)
"""Time an upload waits for its next byte, and time its result can be queried."""
MAX_OPEN = 100
"""Maximum number of open uploads of an account."""
MAX_OPEN_FILES = 20
"""Maximum total size of an account's open uploads, in files of the maximum size."""
PIECE_SIZE = 8 * MEGABYTE
"""Received bytes are stored after this amount, while the request continues."""
MAX_PIECES = 1_000
UNCOUNTED_BYTES = 256 * 1024
"""Bodies from this size on are not counted as requests: the upload was counted, and there are few of them."""
FINAL_ERRORS = (Invalid, UnsupportedFormat, OverQuota, Forbidden, Conflict)
"""Errors that the same bytes would cause again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload(ImageMetadata):
    """A file of `size` bytes to be sent. `metadata` is the tus client's, returned verbatim."""

    size: int
    filename: str
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class UploadBody:
    """The body of a request: stream, declared length and declared digest."""

    stream: AsyncIterator[bytes]
    length: int | None = None
    checksum: Checksum | None = None


async def create(ctx: Context, new: NewUpload) -> UploadTicket:
    """Create an upload; it counts as one uploaded file.

    Raises TooLarge, RateLimited, OutOfStorage, Invalid, Forbidden.
    """
    actor = ctx.require(Scope.IMAGES_UPLOAD)
    limit, now = ctx.services.settings.max_upload_size, ctx.now()
    if new.size > limit:
        raise TooLarge(limit=limit, actual=new.size)
    rules = Validator()
    words = images.validated_metadata(
        rules, rules.single_line("filename", new.filename, max_length=images.MAX_FILENAME_LENGTH), new
    )
    if new.size < 1:
        rules.add_error(
            "size", "out_of_range", "This must be the file's size in bytes, from 1 to {limit}.", limit=limit
        )
    rules.raise_if_errors()
    await images.authorize_upload(ctx, new.size, files=1)
    async with in_transaction():
        account = await Account.select_for_update().get(id=actor.id)
        await _require_quota(ctx, account, new.size)
        await images.check_destination(ctx, actor, new)
        return await UploadTicket.create(
            id=new_id(Kind.UPLOAD, now),
            owner_id=actor.id,
            size=new.size,
            pieces=[],
            album_id=new.album_id,
            category_id=new.category_id,
            metadata=new.metadata,
            created_at=now,
            expires_at=now + LIFETIME,
            **words,
        )


async def get(ctx: Context, upload_id: str) -> UploadTicket:
    """Return an upload of the caller. Raises NotFound, and Gone if it has expired."""
    ctx.require(Scope.IMAGES_UPLOAD)
    return await _own(ctx, upload_id)


async def get_many(ctx: Context, upload_ids: Sequence[str]) -> dict[str, UploadTicket]:
    """Return those of the uploads that are the caller's, by id."""
    ctx.require_token_scope(Scope.IMAGES_UPLOAD)
    rows = await UploadTicket.owned_by(ctx.account_id).filter(id__in=list(upload_ids))
    return {row.id: row for row in rows if not row.has_expired(ctx.now())}


async def get_completed(ctx: Context, upload_id: str) -> UploadTicket:
    """Return an upload as `get` does, first completing one whose bytes are all there: a server may have died.

    Raises NotFound, Gone, Locked, Busy, OutOfStorage.
    """
    return await _complete_if_whole(ctx, await get(ctx, upload_id))


async def append(ctx: Context, upload_id: str, body: UploadBody, *, offset: int) -> UploadTicket:
    """Append bytes at `offset`. The last byte completes the upload, as an image or with an error.

    Does nothing if all bytes are there, so that a client can learn the result. Bytes received before an
    interruption are kept. Raises NotFound, Gone, WrongOffset, TooLarge, ChecksumMismatch, BadRequest, Locked, Busy,
    OutOfStorage, RateLimited.
    """
    async with _counted(ctx, body):
        ticket = await get(ctx, upload_id)
        if ticket.offset != offset:
            raise WrongOffset(offset=ticket.offset, sent=offset)
        await _check_body(ctx, ticket, body, most=ticket.size - offset)
        if not ticket.is_whole:
            ticket = await _receive(ctx, ticket, body, start=offset, piece=PIECE_SIZE)
    return await _complete_if_whole(ctx, ticket)


async def put(ctx: Context, upload_id: str, body: UploadBody) -> UploadTicket:
    """Receive the whole file at once, replacing earlier bytes. After an interruption the received bytes are kept.

    Raises the errors of `append`, and BadRequest if it is not the whole file.
    """
    async with _counted(ctx, body):
        ticket = await get(ctx, upload_id)
        await _check_body(ctx, ticket, body, most=ticket.size)
        if body.length is not None and body.length != ticket.size:
            raise BadRequest(
                "The body must have the {expected} bytes of the upload; it has {actual}",
                reason="wrong_length",
                expected=ticket.size,
                actual=body.length,
            )
        if not ticket.is_whole:
            ticket = await _receive(ctx, ticket, body, start=0, piece=ticket.size)
        if not ticket.is_whole:
            raise BadRequest(
                "The body ended before the {expected} bytes of the upload",
                reason="incomplete_body",
                expected=ticket.size,
            )
    return await _complete_if_whole(ctx, ticket)


async def delete(ctx: Context, upload_id: str) -> str:
    """Delete an upload and return its id. An image that it has become is kept. Raises NotFound."""
    actor = ctx.require(Scope.IMAGES_UPLOAD)
    return await shield_until_done(_delete(ctx, actor.id, upload_id))


async def _delete(ctx: Context, account_id: str, upload_id: str) -> str:
    if not await UploadTicket.filter(id=upload_id, owner_id=account_id).delete():
        raise NotFound("upload", upload_id)
    await ctx.services.storage.delete_under(keys.pieces_of(upload_id))
    return upload_id


async def _own(ctx: Context, upload_id: str) -> UploadTicket:
    ticket = None
    if kind_of(upload_id) is Kind.UPLOAD:
        ticket = await UploadTicket.owned_by(ctx.account_id).get_or_none(id=upload_id)
    if ticket is None:
        raise NotFound("upload", upload_id)
    if ticket.has_expired(ctx.now()):
        raise Gone(
            "The upload has expired",
            "No data arrived for {hours} hours, and the upload was removed. Start a new one",
            reason="upload_expired",
            hours=LIFETIME // timedelta(hours=1),
        )
    return ticket


async def _require_quota(ctx: Context, account: Account, size: int) -> None:
    """Check quota and disk; open uploads count with their full size. Raises OutOfStorage."""
    receiving = UploadTicket.receiving(ctx.now()).filter(owner_id=account.id)
    sizes: list[Any] = list(await receiving.values_list("size", flat=True))
    held = sum(sizes)
    most = MAX_OPEN_FILES * ctx.services.settings.max_upload_size
    if len(sizes) >= MAX_OPEN or held + size > most:
        raise OutOfStorage(
            "Your account has {count} open uploads with a total size of {held:size}; at most {max_count} with"
            " {max_size:size} are allowed. Finish or delete some first",
            reason="too_many_uploads",
            count=len(sizes),
            held=held,
            max_count=MAX_OPEN,
            max_size=most,
        )
    quotas.check(ctx, account, size, held=held)


@asynccontextmanager
async def _counted(ctx: Context, body: UploadBody) -> AsyncIterator[None]:
    """Count a small body as a request, and a large one only if it fails. Raises RateLimited."""
    if is_small := (body.length or 0) < UNCOUNTED_BYTES:
        await ctx.consume(RateLimit.API)
    try:
        yield
    except (PicHubError, UploadInterrupted):
        if not is_small:
            await ctx.consume(RateLimit.API)
        raise


async def _check_body(ctx: Context, ticket: UploadTicket, body: UploadBody, *, most: int) -> None:
    """Check declared sizes before reading. Raises TooLarge, OutOfStorage, BadRequest."""
    if body.length is not None and body.length > most:
        raise TooLarge(limit=most, actual=body.length, what="rest of the upload")
    if not ticket.is_whole:
        await images.authorize_upload(ctx, body.length)
    if len(ticket.pieces) >= MAX_PIECES:
        raise BadRequest(
            "An upload may have at most {limit:,} pieces. Start a new one with larger pieces",
            reason="too_many_pieces",
            limit=MAX_PIECES,
        )


async def _receive(
    ctx: Context, ticket: UploadTicket, body: UploadBody, *, start: int, piece: int
) -> UploadTicket:
    """Store the body piece by piece and return the upload. An interruption is raised after its bytes are stored."""
    settings = ctx.services.settings
    receiving = receive_pieces(
        body.stream,
        folder=ctx.services.storage.incoming,
        filename=ticket.filename,
        max_size=ticket.size - start,
        piece_size=piece,
        limits=FormLimits(max_file_size=settings.max_upload_size, stall_timeout=settings.stall_timeout),
        checksum=body.checksum,
    )
    async with aclosing(receiving) as files:
        async for file in files:
            if start + file.size > ticket.offset:
                ticket = await shield_until_done(_store_piece(ctx, ticket, file, start=start))
                start = ticket.offset
    return ticket


async def _store_piece(ctx: Context, ticket: UploadTicket, file: Upload, *, start: int) -> UploadTicket:
    """Store a piece at `start` and return the updated upload.

    The bytes come first and the row second, and the row decides. Of concurrent requests at the same offset one
    wins; the other's file is deleted. Raises WrongOffset, NotFound, Gone.
    """
    name, now = f"{start}-{secrets.token_hex(8)}", ctx.now()
    before = ticket.pieces if start else []
    changes = {
        "offset": start + file.size,
        "pieces": [*before, [name, file.size]],
        "expires_at": now + LIFETIME,
    }
    async with stored_files.stored(ctx, keys.piece_key(ticket.id, name), file.path):
        as_seen = UploadTicket.receiving(now).filter(id=ticket.id, offset=ticket.offset)
        if not await as_seen.update(**changes):
            there = await _own(ctx, ticket.id)
            raise WrongOffset(offset=there.offset, sent=ticket.offset)
    return ticket.update_from_dict(changes)


async def _complete_if_whole(ctx: Context, ticket: UploadTicket) -> UploadTicket:
    """Complete the upload if all bytes are there, as an image or with an error. One process at a time does so.

    Raises Locked, Busy, OutOfStorage, after which the next request tries again.
    """
    if not (ticket.is_receiving and ticket.is_whole):
        return ticket
    async with AsyncExitStack() as held:
        try:
            await held.enter_async_context(ctx.services.coordination.locks.acquire(keys.pieces_of(ticket.id)))
        except Busy as error:
            raise Locked(
                "The image of this upload is being processed; try again in a second", reason="processing"
            ) from error
        ticket = await _own(ctx, ticket.id)
        if ticket.is_receiving:
            await shield_until_done(_finish(ctx, ticket))
    return await _own(ctx, ticket.id)


async def _finish(ctx: Context, ticket: UploadTicket) -> None:
    try:
        async with _assemble(ctx, ticket) as file:
            new = NewImage(
                file=file,
                title=ticket.title,
                description=ticket.description,
                album_id=ticket.album_id,
                category_id=ticket.category_id,
                tags=ticket.tags,
            )
            await images.upload(ctx, new, is_counted=True, also=partial(_mark_done, ticket))
    except FINAL_ERRORS as error:
        receiving = UploadTicket.filter(id=ticket.id, state=UploadState.RECEIVING)
        await receiving.update(state=UploadState.REFUSED, error=error.to_dict())
    await ctx.services.storage.delete_under(keys.pieces_of(ticket.id))


async def _mark_done(ticket: UploadTicket, image: Image) -> None:
    """Mark the upload as done in the transaction that inserts the image, so that it becomes only one.

    Raises NotFound.
    """
    receiving = UploadTicket.filter(id=ticket.id, state=UploadState.RECEIVING)
    if not await receiving.update(state=UploadState.DONE, image_id=image.id):
        raise NotFound("upload", ticket.id)


@asynccontextmanager
async def _assemble(ctx: Context, ticket: UploadTicket) -> AsyncIterator[Upload]:
    """Yield a file with all pieces, on disk until the block ends. Raises Conflict, OutOfStorage."""
    storage = ctx.services.storage
    path = storage.incoming / f"upload-{secrets.token_hex(16)}"
    file = Upload(path, filename=ticket.filename, max_size=ticket.size)
    try:
        for name, _ in ticket.pieces:
            async with storage.open(keys.piece_key(ticket.id, name)) as stored:
                async for chunk in stored.chunks:
                    await file.write(chunk)
        await file.seek(0)
        if file.size != ticket.size:
            raise Conflict(
                "Only {actual} of {expected} bytes are left; upload the file again",
                reason="incomplete_file",
                actual=file.size,
                expected=ticket.size,
            )
        yield file
    except ObjectMissing as error:
        raise Conflict(
            "A piece of this upload is missing; upload the file again", reason="missing_piece"
        ) from error
    finally:
        await file.close()

"""Who asks, and what there is to ask for: the people of the tables of who may do what."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from tortoise.transactions import in_transaction

from app.auth import sessions, tokens
from app.auth.actor import WIDER, Scope
from app.auth.credentials import SESSION_COOKIE
from app.context import Services
from app.events import outbox
from app.events.catalogue import PingSent
from app.ids import Kind, new_id
from app.models import (
    Account,
    Album,
    Category,
    Delivery,
    Event,
    Image,
    Invitation,
    Role,
    UploadTicket,
    Webhook,
)
from app.webhooks.signatures import new_secret
from scripts.fixtures import sample_images
from tests.pichub import PASSWORD, House, signed

STRANGERS = (
    "nobody",
    "mistyped token",
    "unknown token",
    "expired token",
    "revoked token",
    "token of disabled",
    "session of disabled",
)
ASKERS = (
    *STRANGERS,
    "token without scope",
    "token of another",
    "session of another",
    "token of admin",
    "session of admin",
    "session, foreign page",
    "owner's token",
    "owner's session",
)
OWNERS = {"owner's token", "owner's session"}

Cells = dict[str, str]
NUMBERS = count()


def rules(table: str) -> dict[str, Cells]:
    """A table with a column a rule and a line an asker: what each rule says to each."""
    head, *lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    assert tuple(line[0] for line in lines) == ASKERS
    assert {len(line) for line in lines} == {len(head)}
    return {name: {line[0]: line[i] for line in lines} for i, name in enumerate(head) if i}


def page_of(text: str, site: str = "same-origin") -> dict[str, str]:
    """What a browser sends with a session."""
    return {"Cookie": f"{SESSION_COOKIE}={text}", "Sec-Fetch-Site": site}


@dataclass(frozen=True)
class Cast:
    """Four accounts, the headers of each asker, and the things that they ask for: what is private says `secret`."""

    house: House
    owner: Account
    headers: dict[str, dict[str, str]]
    made: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.house.services.clock()

    async def filled(self, text: str) -> str:
        """The text with a fresh thing's id for each `@thing` in it: the owner's, where it can be somebody's."""
        for name in re.findall(r"@(\w+)", text):
            self.made.append(await THINGS[name](self))
            text = text.replace(f"@{name}", self.made[-1], 1)
        return text

    def missing(self, text: str) -> str:
        """The text with ids of things that do not exist."""
        return re.sub(r"\w{3}_\w{26}", lambda id_: new_id(Kind(id_[0][:3]), self.now), text)


class Casts:
    """A cast for each row of a table: those that only read share one, as nobody of it changes by that."""

    def __init__(self, house: House, password_hash: str = "-") -> None:
        self._house, self._password_hash = house, password_hash
        self._reading: dict[Scope | None, Cast] = {}

    async def reading(self, *, without: Scope | None) -> Cast:
        if without not in self._reading:
            self._reading[without] = await self.fresh(without=without)
        return self._reading[without]

    async def fresh(self, *, without: Scope | None) -> Cast:
        return await gather(self._house, without=without, password_hash=self._password_hash)


def without_ids(text: str) -> str:
    return re.sub(r"[a-z]{3}_\w{26}", "ID", text)


async def gather(house: House, *, without: Scope | None, password_hash: str = "-") -> Cast:
    """A fresh cast. One token of the owner's has all scopes but for `without`, or but one where that is None."""
    services = house.services
    now, long_ago = services.clock(), services.clock() - timedelta(days=1)
    without = without or Scope.ACCOUNT_READ
    others = [scope for scope in Scope if scope not in {without, WIDER.get(without)}]

    async def token(of: Account, **changes: Any) -> dict[str, str]:
        scopes = changes.pop("scopes", Scope)
        row, text = await tokens.create(of, name="x", scopes=scopes, now=now)
        if changes:
            await row.update_from_dict(changes).save()
        return signed(text)

    async def session(of: Account, site: str = "same-origin") -> dict[str, str]:
        _, text = await sessions.create(of, user_agent="x", now=now, lifetime=timedelta(days=1))
        return page_of(text, site)

    async with in_transaction():
        owner, other, admin, disabled = [
            await account(services, password_hash, role=role)
            for role in (Role.MEMBER, Role.MEMBER, Role.ADMIN, Role.MEMBER)
        ]
        by_token = await token(owner)
        headers: dict[str, dict[str, str]] = {
            "nobody": {},
            "mistyped token": signed(by_token["Authorization"][7:-1] + "~"),
            "unknown token": signed(tokens.mint()),
            "expired token": await token(owner, expires_at=long_ago),
            "revoked token": await token(owner, revoked_at=long_ago),
            "token of disabled": await token(disabled),
            "session of disabled": await session(disabled),
            "token without scope": await token(owner, scopes=others),
            "token of another": await token(other),
            "session of another": await session(other),
            "token of admin": await token(admin),
            "session of admin": await session(admin),
            "session, foreign page": await session(owner, "cross-site"),
            "owner's token": by_token,
            "owner's session": await session(owner),
        }
        await disabled.update_from_dict({"disabled_at": now}).save()
    return Cast(house, owner, headers)


async def account(services: Services, password_hash: str = "-", **words: Any) -> Account:
    now = services.clock()
    return await Account.create(
        id=new_id(Kind.ACCOUNT, now),
        username=f"someone{next(NUMBERS)}",
        password_hash=password_hash,
        created_at=now,
        **words,
    )


async def _album(cast: Cast, *, is_public: bool) -> Album:
    return await Album.create(
        id=new_id(Kind.ALBUM, cast.now),
        owner=cast.owner,
        name="Shown" if is_public else "Secret",
        is_public=is_public,
        created_at=cast.now,
        updated_at=cast.now,
    )


async def _image(cast: Cast, *, is_public: bool, album: Album | None = None) -> str:
    """A row alone: only /img opens the file."""
    id_ = new_id(Kind.IMAGE, cast.now)
    async with in_transaction():
        image = Image(
            id=id_,
            owner=cast.owner,
            album=album or await _album(cast, is_public=is_public),
            category_id=await _category(cast),
            key=f"nothing/{id_}",
            filename="shown.png" if is_public else "secret.png",
            tags=[],
            size=1,
            sha256="0" * 64,
            format="png",
            width=4,
            height=3,
            frames=1,
            has_alpha=False,
            thumbhash="",
            dominant_color="#000000",
            created_at=cast.now,
            updated_at=cast.now,
        )
        await Account.add_image(cast.owner.id, 1, default_quota=None)
        await image.add()
    return id_


async def _image_in_it(cast: Cast) -> str:
    """One in the album that was made just now."""
    album = await Album.get(id=cast.made[-1])
    return await _image(cast, is_public=album.is_public, album=album)


async def _picture(cast: Cast, *, is_public: bool) -> str:
    album = await _album(cast, is_public=is_public)
    token = cast.headers["owner's token"]["Authorization"].removeprefix("Bearer ")
    return str((await cast.house.upload(sample_images.png(), token=token, album_id=album.id))["id"])


async def _category(cast: Cast) -> str:
    id_, name = new_id(Kind.CATEGORY, cast.now), f"Secret {next(NUMBERS)}"
    await Category.create(id=id_, owner=cast.owner, name=name, created_at=cast.now, updated_at=cast.now)
    return id_


async def _invitation(cast: Cast) -> str:
    id_, later = new_id(Kind.INVITATION, cast.now), cast.now + timedelta(days=1)
    await Invitation.create(
        id=id_, creator=cast.owner, digest=id_, note="Secret", created_at=cast.now, expires_at=later
    )
    return id_


async def _upload(cast: Cast) -> str:
    """One of 9 bytes that are to come."""
    id_, later = new_id(Kind.UPLOAD, cast.now), cast.now + timedelta(days=1)
    await UploadTicket.create(
        id=id_,
        owner=cast.owner,
        size=9,
        pieces=[],
        filename="secret.png",
        tags=[],
        created_at=cast.now,
        expires_at=later,
    )
    return id_


async def _token(cast: Cast) -> str:
    return (await tokens.create(cast.owner, name="Secret", scopes=Scope, now=cast.now))[0].id


async def _session(cast: Cast) -> str:
    day = timedelta(days=1)
    return (await sessions.create(cast.owner, user_agent="Secret", now=cast.now, lifetime=day))[0].id


async def _webhook(cast: Cast) -> str:
    id_ = new_id(Kind.WEBHOOK, cast.now)
    await Webhook.create(
        id=id_,
        owner=cast.owner,
        url="https://192.0.2.1/secret",
        events=["image.uploaded"],
        secret=new_secret(),
        created_at=cast.now,
        updated_at=cast.now,
    )
    return id_


async def _delivery_to_it(cast: Cast) -> str:
    """One to the webhook that was made just now."""
    webhook_id, id_ = cast.made[-1], new_id(Kind.DELIVERY, cast.now)
    async with outbox.transaction(
        cast.house.services.events.notifier, account_id=cast.owner.id, now=cast.now
    ) as events:
        events.record(PingSent(cast.owner.id, webhook_id, message="Secret"))
    event = await Event.get(subject_id=webhook_id)
    await Delivery.create(id=id_, webhook_id=webhook_id, event=event, created_at=cast.now)
    return id_


async def _delivery(cast: Cast) -> str:
    cast.made.append(await _webhook(cast))
    return await _delivery_to_it(cast)


async def _album_id(cast: Cast, *, is_public: bool) -> str:
    return (await _album(cast, is_public=is_public)).id


async def _account(cast: Cast) -> str:
    return (await account(cast.house.services)).id


async def _name(cast: Cast) -> str:
    return f"newcomer{next(NUMBERS)}"


async def _owner(cast: Cast) -> str:
    return cast.owner.id


async def _password(cast: Cast) -> str:
    return PASSWORD


async def _username(cast: Cast) -> str:
    return cast.owner.username


THINGS: dict[str, Callable[[Cast], Awaitable[str]]] = {
    "public_image": partial(_image, is_public=True),
    "private_image": partial(_image, is_public=False),
    "image_in_it": _image_in_it,
    "public_picture": partial(_picture, is_public=True),
    "private_picture": partial(_picture, is_public=False),
    "public_album": partial(_album_id, is_public=True),
    "private_album": partial(_album_id, is_public=False),
    "category": _category,
    "webhook": _webhook,
    "delivery": _delivery,
    "delivery_to_it": _delivery_to_it,
    "invitation": _invitation,
    "upload": _upload,
    "token": _token,
    "session": _session,
    "account": _account,
    "owner": _owner,
    "password": _password,
    "username": _username,
    "new_name": _name,
}

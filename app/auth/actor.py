from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from app.models import Account, ApiToken


class Scope(StrEnum):
    """One thing that a token may be made for."""

    IMAGES_READ = "images:read"
    IMAGES_WRITE = "images:write"
    ALBUMS_READ = "albums:read"
    ALBUMS_WRITE = "albums:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ACCOUNT_READ = "account:read"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and what for they may: an account, through a token that narrows it to scopes."""

    account: Account
    scopes: frozenset[Scope]

    @classmethod
    def by_token(cls, token: ApiToken) -> Self:
        """The token's account, with the token's scopes. The account must have been loaded with it."""
        return cls(account=token.account, scopes=frozenset(Scope(name) for name in token.scopes))

    @property
    def id(self) -> str:
        """The account's id."""
        return self.account.id

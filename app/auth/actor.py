from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, Self

from app.models import Account, ApiToken, Role, Session


class Scope(StrEnum):
    """One thing that a token may be made for."""

    IMAGES_READ = "images:read"
    IMAGES_UPLOAD = "images:upload"
    IMAGES_WRITE = "images:write"
    ALBUMS_READ = "albums:read"
    ALBUMS_WRITE = "albums:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ACCOUNT_READ = "account:read"


class ScopePreset(StrEnum):
    """Scopes that go together, by a name."""

    UPLOAD_ONLY = "upload_only"
    READ_ONLY = "read_only"
    EVERYTHING = "everything"


SCOPES_OF: Final[Mapping[ScopePreset, frozenset[Scope]]] = {
    ScopePreset.UPLOAD_ONLY: frozenset({Scope.IMAGES_UPLOAD}),
    ScopePreset.READ_ONLY: frozenset(scope for scope in Scope if scope.endswith(":read")),
    ScopePreset.EVERYTHING: frozenset(Scope),
}


WIDER: Final[Mapping[Scope, Scope]] = {Scope.IMAGES_UPLOAD: Scope.IMAGES_WRITE}
"""Scopes that a wider one opens too."""


@lru_cache
def _scopes(names: tuple[str, ...]) -> frozenset[Scope]:
    return frozenset(map(Scope, names))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and what for they may: an account, through a session or through a token that narrows it to scopes."""

    account: Account
    scopes: frozenset[Scope]
    session: Session | None = None
    album_id: str | None = None
    """The album that a token's uploads land in, unless they say otherwise."""

    @classmethod
    def by_token(cls, token: ApiToken) -> Self:
        """The token's account, with the token's scopes. The account must have been loaded with it."""
        return cls(
            account=token.account,
            scopes=_scopes(tuple(token.scopes)),
            album_id=token.album_id,
        )

    @classmethod
    def by_session(cls, session: Session) -> Self:
        """The session's account, with all scopes. The account must have been loaded with it."""
        return cls(account=session.account, scopes=frozenset(Scope), session=session)

    @property
    def id(self) -> str:
        """The account's id."""
        return self.account.id

    def may(self, scope: Scope) -> bool:
        """Whether the scopes open this, by itself or with something wider."""
        return scope in self.scopes or WIDER.get(scope) in self.scopes

    @property
    def is_admin(self) -> bool:
        """Whether it looks after the server now: an admin that has signed in. A token never does."""
        return self.session is not None and self.account.role is Role.ADMIN

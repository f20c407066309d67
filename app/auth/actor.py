from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, Self

from app.models import Account, ApiToken, Role, Session


class Scope(StrEnum):
    """A permission that a token may have."""

    IMAGES_READ = "images:read"
    IMAGES_UPLOAD = "images:upload"
    IMAGES_WRITE = "images:write"
    ALBUMS_READ = "albums:read"
    ALBUMS_WRITE = "albums:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ACCOUNT_READ = "account:read"


class ScopePreset(StrEnum):
    """A named set of scopes."""

    UPLOAD_ONLY = "upload_only"
    READ_ONLY = "read_only"
    EVERYTHING = "everything"


SCOPES_OF: Final[Mapping[ScopePreset, frozenset[Scope]]] = {
    ScopePreset.UPLOAD_ONLY: frozenset({Scope.IMAGES_UPLOAD}),
    ScopePreset.READ_ONLY: frozenset(scope for scope in Scope if scope.endswith(":read")),
    ScopePreset.EVERYTHING: frozenset(Scope),
}


WIDER: Final[Mapping[Scope, Scope]] = {Scope.IMAGES_UPLOAD: Scope.IMAGES_WRITE}
"""Scopes included in a wider one."""


@lru_cache
def _scopes(names: tuple[str, ...]) -> frozenset[Scope]:
    return frozenset(map(Scope, names))


@dataclass(frozen=True, slots=True)
class Actor:
    """The authenticated caller: an account with its scopes, through a session or a token."""

    account: Account
    scopes: frozenset[Scope]
    session: Session | None = None
    album_id: str | None = None
    """Default album of uploads with this token."""

    @classmethod
    def by_token(cls, token: ApiToken) -> Self:
        """The token's account with the token's scopes. The account must be loaded."""
        return cls(
            account=token.account,
            scopes=_scopes(tuple(token.scopes)),
            album_id=token.album_id,
        )

    @classmethod
    def by_session(cls, session: Session) -> Self:
        """The session's account with all scopes. The account must be loaded."""
        return cls(account=session.account, scopes=frozenset(Scope), session=session)

    @property
    def id(self) -> str:
        """The account's id."""
        return self.account.id

    def may(self, scope: Scope) -> bool:
        """Return True if the actor has this scope or a wider one."""
        return scope in self.scopes or WIDER.get(scope) in self.scopes

    @property
    def is_admin(self) -> bool:
        """True for a signed-in admin; never for a token."""
        return self.session is not None and self.account.role is Role.ADMIN

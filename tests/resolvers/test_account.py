import asyncio
import threading
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from app.auth.actor import Scope
from app.auth.credentials import Credentials, RequestOrigin
from app.auth.passwords import Passwords
from app.context import Context, Services
from app.errors import Busy, Forbidden, Invalid, PicHubError, Unauthorized
from app.models import Account, Role, Session
from app.resolvers import account, accounts, invitations, sessions
from app.resolvers.account import NewSignUp, SignedIn
from app.resolvers.accounts import AccountChanges, NewAccount
from tests import databases
from tests.pichub import PASSWORD, House, house

BROWSER = Credentials(page=RequestOrigin.OURS, user_agent="Tests")


class CountingHasher(PasswordHasher):
    """Cheap argon2 that counts verifications."""

    def __init__(self, time_cost: int = 1) -> None:
        super().__init__(time_cost=time_cost, memory_cost=8, parallelism=1)
        self.verifications = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.verifications += 1
        return super().verify(hash, password)


def with_passwords(services: Services, passwords: Passwords) -> Services:
    return replace(services, access=replace(services.access, passwords=passwords))


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def anonymous(pichub: House, hasher: CountingHasher) -> Context:
    return Context(with_passwords(pichub.services, Passwords(lambda: hasher)))


@pytest.fixture
async def ann(anonymous: Context) -> Account:
    return await accounts.create(replace(anonymous, is_operator=True), NewAccount("ann", PASSWORD))


async def sign_in(ctx: Context, username: str = "ann", password: str = PASSWORD) -> SignedIn:
    return await account.sign_in(ctx, BROWSER, username, password)


async def next_request(ctx: Context, signed_in: SignedIn) -> Context:
    """Return the context of the browser's next request."""
    return await account.authenticate(ctx, replace(BROWSER, session=signed_in.text))


async def error_of(operation: Awaitable[Any]) -> PicHubError:
    with pytest.raises(PicHubError) as caught:
        await operation
    return caught.value


async def test_the_first_start_creates_an_admin_with_a_full_token(pichub: House) -> None:
    ctx = await account.authenticate_and_count(
        Context(pichub.services), Credentials(f"Bearer {pichub.token}")
    )
    assert ctx.actor
    assert (ctx.actor.account.username, ctx.actor.account.role) == ("admin", Role.ADMIN)
    assert ctx.actor.scopes == set(Scope)


async def test_later_starts_create_no_account(pichub: House) -> None:
    assert await account.create_first_account(Context(pichub.services)) is None
    assert await Account.all().count() == 1


async def test_concurrent_first_starts_create_one_account(pichub: House) -> None:
    await Account.all().delete()
    results = await asyncio.gather(
        *(account.create_first_account(Context(pichub.services)) for _ in range(5))
    )
    (first,) = [each for each in results if each]
    assert await pichub.services.access.passwords.verify(first.password, (await Account.get()).password_hash)


async def test_only_digests_of_secrets_are_stored(pichub: House, anonymous: Context, ann: Account) -> None:
    signed_in = await sign_in(anonymous)
    for path in pichub.services.settings.data_dir.glob("pichub.db*"):
        stored = path.read_bytes()
        for secret in (pichub.token, signed_in.text, PASSWORD):
            assert secret.encode() not in stored


async def test_failed_sign_ins_are_indistinguishable(
    anonymous: Context, hasher: CountingHasher, ann: Account
) -> None:
    operator = replace(anonymous, is_operator=True)
    bob = await accounts.create(operator, NewAccount("bob", PASSWORD))
    await accounts.update(operator, bob.id, AccountChanges(disabled=True))
    errors = set()
    for username, password in [
        ("ann", "wrong horse"),
        ("ann", ""),
        ("ann", "x" * 200),
        ("missing", PASSWORD),
        ("", PASSWORD),
        ("bob", PASSWORD),
        ("bob", "wrong horse"),
    ]:
        before = hasher.verifications
        error = await error_of(sign_in(anonymous, username, password))
        assert hasher.verifications == before + 1, f"{username} {password}"
        errors.add((type(error), str(error)))
    assert len(errors) == 1
    assert errors.pop()[0] is Unauthorized
    before = hasher.verifications
    await sign_in(anonymous)
    assert hasher.verifications == before + 1


async def test_usernames_ignore_case(anonymous: Context, ann: Account) -> None:
    assert (await sign_in(anonymous, " ANN ")).account.id == ann.id
    duplicate = accounts.create(replace(anonymous, is_operator=True), NewAccount("Ann", PASSWORD))
    assert list((await error_of(duplicate)).fields) == ["username"]


@pytest.mark.parametrize("text", ["nul\0", "\ud800", "x" * 201])
async def test_text_no_database_can_store_is_rejected(anonymous: Context, ann: Account, text: str) -> None:
    assert list((await error_of(sign_in(anonymous, text))).fields) == ["username"]
    assert list((await error_of(sign_in(anonymous, "ann", text))).fields) == ["password"]


async def test_sign_in_upgrades_hashes_with_other_parameters(anonymous: Context, ann: Account) -> None:
    stronger = with_passwords(anonymous.services, Passwords(lambda: CountingHasher(time_cost=2)))
    await sign_in(replace(anonymous, services=stronger))
    assert ",t=2," in (await Account.get(id=ann.id)).password_hash
    await sign_in(replace(anonymous, services=stronger))


async def test_a_session_authenticates_until_it_expires(anonymous: Context, ann: Account) -> None:
    signed_in = await sign_in(anonymous)
    ctx = await next_request(anonymous, signed_in)
    assert ctx.actor
    assert (ctx.actor.id, ctx.actor.scopes, ctx.actor.session) == (ann.id, set(Scope), signed_in.session)
    for days, account_id in {29: ann.id, 31: None}.items():
        later = replace(anonymous.services, clock=lambda days=days: anonymous.now() + timedelta(days=days))
        assert (await next_request(replace(anonymous, services=later), signed_in)).account_id == account_id


@pytest.mark.parametrize("text", ["nonsense", "\ud800", "", "x" * 5000])
async def test_an_invalid_cookie_is_ignored(anonymous: Context, text: str) -> None:
    assert (await account.authenticate(anonymous, replace(BROWSER, session=text))).actor is None


async def test_a_header_takes_precedence_over_a_cookie(
    pichub: House, anonymous: Context, ann: Account
) -> None:
    cookie = replace(BROWSER, session=(await sign_in(anonymous)).text)
    ctx = await account.authenticate(anonymous, replace(cookie, authorization=f"Bearer {pichub.token}"))
    assert ctx.actor
    assert (ctx.actor.account.username, ctx.actor.session) == ("admin", None)
    with pytest.raises(Unauthorized):
        await account.authenticate(anonymous, replace(cookie, authorization="Bearer nonsense"))


async def test_last_use_is_recorded_once_a_minute_in_background(
    pichub: House, anonymous: Context, ann: Account
) -> None:
    signed_in, now = await sign_in(anonymous), anonymous.now()

    async def last_used_after(seconds: int) -> float:
        later = replace(anonymous.services, clock=lambda: now + timedelta(seconds=seconds))
        await asyncio.gather(*(next_request(replace(anonymous, services=later), signed_in) for _ in range(5)))
        await pichub.services.access.last_used.close()
        return ((await Session.get(id=signed_in.session.id)).last_used_at - now).total_seconds()

    assert await last_used_after(30) < 1
    assert await last_used_after(70) == 70
    assert await last_used_after(100) == 70
    assert await last_used_after(131) == 131


async def test_a_failure_to_record_last_use_is_only_logged(
    pichub: House, anonymous: Context, caplog: pytest.LogCaptureFixture
) -> None:
    await databases.fail_statements("UPDATE", "api_tokens", "full")
    assert (await account.authenticate_and_count(anonymous, Credentials(f"Bearer {pichub.token}"))).actor
    await pichub.services.access.last_used.close()
    (record,) = caplog.records
    assert "could not be noted" in record.getMessage()


async def test_signing_out_ends_only_that_session(anonymous: Context, ann: Account) -> None:
    first, second = await sign_in(anonymous), await sign_in(anonymous)
    assert (await account.sign_out(await next_request(anonymous, first))).actor is None
    assert (await next_request(anonymous, first)).actor is None
    assert (await next_request(anonymous, second)).account_id == ann.id


async def test_signing_in_again_replaces_the_session(anonymous: Context, ann: Account) -> None:
    first = await sign_in(anonymous)
    second = await sign_in(await next_request(anonymous, first))
    assert (await next_request(anonymous, first)).actor is None
    assert [each.id for each in await sessions.list_active(second.ctx)] == [second.session.id]


async def test_an_account_has_at_most_100_sessions(anonymous: Context, ann: Account) -> None:
    now = anonymous.now()
    for minute in range(102):
        clock = lambda minute=minute: now + timedelta(minutes=minute)  # noqa: E731
        signed_in = await sign_in(replace(anonymous, services=replace(anonymous.services, clock=clock)))
    active = await sessions.list_active(signed_in.ctx)
    assert len(active) == 100
    assert active[0] == signed_in.session


async def test_changing_the_password_ends_other_sessions(anonymous: Context, ann: Account) -> None:
    current, other = await sign_in(anonymous), await sign_in(anonymous)
    await account.change_password(current.ctx, PASSWORD, "another horse")
    assert (await next_request(anonymous, other)).actor is None
    assert (await next_request(anonymous, current)).account_id == ann.id
    assert isinstance(await error_of(sign_in(anonymous)), Unauthorized)
    await sign_in(anonymous, "ann", "another horse")


async def test_changing_a_password_needs_it_and_a_session(
    pichub: House, anonymous: Context, ann: Account
) -> None:
    signed_in = await sign_in(anonymous)
    error = await error_of(account.change_password(signed_in.ctx, "wrong horse", "another horse"))
    assert list(error.fields) == ["current_password"]
    token = await account.authenticate_and_count(anonymous, Credentials(f"Bearer {pichub.token}"))
    assert isinstance(await error_of(account.change_password(token, "x", "another horse")), Forbidden)
    assert isinstance(await error_of(account.change_password(anonymous, "x", "another horse")), Unauthorized)


@pytest.mark.parametrize(
    ("username", "password", "fields"),
    [
        ("an", PASSWORD, ["username"]),
        ("x" * 65, PASSWORD, ["username"]),
        ("-ann", PASSWORD, ["username"]),
        ("ann smith", PASSWORD, ["username"]),
        ("änn", PASSWORD, ["username"]),
        ("ann\n", "short", ["password"]),
        ("bob", "x" * 9, ["password"]),
        ("bob", "x" * 201, ["password"]),
        ("bob", "x" * 20 + "\0", ["password"]),
        ("bob-the-builder", "Bob-The-Builder", ["password"]),
        ("", "", ["password", "username"]),
    ],
)
async def test_invalid_usernames_and_passwords_are_rejected(
    anonymous: Context, username: str, password: str, fields: list[str]
) -> None:
    operator = replace(anonymous, is_operator=True)
    error = await error_of(accounts.create(operator, NewAccount(username, password)))
    assert isinstance(error, Invalid)
    assert sorted(error.fields) == fields


@pytest.mark.parametrize("password", ["          ", "🐎" * 10, "correct horse battery staple"])
async def test_a_password_may_contain_any_characters(anonymous: Context, password: str) -> None:
    operator = replace(anonymous, is_operator=True)
    await accounts.create(operator, NewAccount("a.b_c-1", password))
    await sign_in(anonymous, "a.b_c-1", password)


async def test_closed_sign_up_is_forbidden(anonymous: Context) -> None:
    assert isinstance(
        await error_of(account.sign_up(anonymous, BROWSER, NewSignUp("ann", PASSWORD))), Forbidden
    )
    assert await Account.all().count() == 1


async def test_open_sign_up_creates_each_username_once(tmp_path: Path) -> None:
    async with house(tmp_path, sign_up="open") as pichub:
        ctx = Context(pichub.services)
        signed_in = await account.sign_up(ctx, BROWSER, NewSignUp("Ann", PASSWORD))
        assert (signed_in.account.username, signed_in.account.role) == ("ann", Role.MEMBER)
        assert (await next_request(ctx, signed_in)).account_id == signed_in.account.id
        error = await error_of(account.sign_up(ctx, BROWSER, NewSignUp("ann", PASSWORD)))
        assert list(error.fields) == ["username"]


async def test_an_invitation_allows_one_sign_up(tmp_path: Path) -> None:
    async with house(tmp_path, sign_up="invitation") as pichub:
        ctx = Context(pichub.services)
        await accounts.create(replace(ctx, is_operator=True), NewAccount("boss", PASSWORD, role=Role.ADMIN))
        admin = (await sign_in(ctx, "boss")).ctx

        async def sign_up(username: str, code: str | None, **services: Any) -> list[str]:
            """Return the invalid fields."""
            request = replace(ctx, services=replace(pichub.services, **services))
            try:
                await account.sign_up(request, BROWSER, NewSignUp(username, PASSWORD, code))
            except Invalid as error:
                return list(error.fields)
            return []

        _, code = await invitations.create(admin, "for Ann")
        assert await sign_up("ann", None) == await sign_up("ann", "nonsense") == ["invitation"]
        assert await sign_up("boss", code) == ["username"], "a failed sign-up must not use the invitation"
        assert sorted(await asyncio.gather(*(sign_up(f"ann{n}", code) for n in range(4)))) == [
            [],
            *[["invitation"]] * 3,
        ]
        assert await invitations.list_open(admin) == []

        revoked, code = await invitations.create(admin)
        await invitations.revoke(admin, revoked.id)
        assert await sign_up("bob", code) == ["invitation"]
        assert (await error_of(invitations.revoke(admin, revoked.id))).code == "NOT_FOUND"

        _, code = await invitations.create(admin)
        late = ctx.now() + timedelta(days=7, seconds=1)
        assert await sign_up("bob", code, clock=lambda: late) == ["invitation"]


async def test_foreign_pages_cannot_sign_in_or_up(anonymous: Context, ann: Account) -> None:
    foreign = replace(BROWSER, page=RequestOrigin.FOREIGN)
    assert isinstance(await error_of(account.sign_in(anonymous, foreign, "ann", PASSWORD)), Forbidden)
    assert isinstance(
        await error_of(account.sign_up(anonymous, foreign, NewSignUp("bob", PASSWORD))), Forbidden
    )
    await account.sign_in(anonymous, replace(BROWSER, page=RequestOrigin.UNKNOWN), "ann", PASSWORD)


async def test_too_many_concurrent_sign_ins_are_busy(pichub: House, ann: Account) -> None:
    release = threading.Event()

    class BlockingHasher(CountingHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            release.wait(5)
            return super().verify(hash, password)

    services = with_passwords(pichub.services, Passwords(BlockingHasher, at_once=1, most_waiting=1))
    attempts = [asyncio.create_task(sign_in(Context(services))) for _ in range(6)]
    await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
    release.set()
    results = await asyncio.gather(*attempts, return_exceptions=True)
    kinds = [type(result) for result in results]
    assert Busy in kinds
    assert set(kinds) <= {Busy, SignedIn}

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


class Counting(PasswordHasher):
    """argon2, made cheap, that counts its checks."""

    def __init__(self, time_cost: int = 1) -> None:
        super().__init__(time_cost=time_cost, memory_cost=8, parallelism=1)
        self.checks = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.checks += 1
        return super().verify(hash, password)


def with_passwords(services: Services, passwords: Passwords) -> Services:
    return replace(services, access=replace(services.access, passwords=passwords))


@pytest.fixture
def hasher() -> Counting:
    return Counting()


@pytest.fixture
def nobody(built: House, hasher: Counting) -> Context:
    return Context(with_passwords(built.services, Passwords(lambda: hasher)))


@pytest.fixture
async def ann(nobody: Context) -> Account:
    return await accounts.create(replace(nobody, is_operator=True), NewAccount("ann", PASSWORD))


async def enter(ctx: Context, username: str = "ann", password: str = PASSWORD) -> SignedIn:
    return await account.sign_in(ctx, BROWSER, username, password)


async def again(ctx: Context, signed_in: SignedIn) -> Context:
    """The context of the browser's next request."""
    return await account.authenticate(ctx, replace(BROWSER, session=signed_in.text))


async def error_of(asked: Awaitable[Any]) -> PicHubError:
    with pytest.raises(PicHubError) as caught:
        await asked
    return caught.value


async def test_the_first_start_makes_an_admin_with_a_token_of_all_scopes(built: House) -> None:
    ctx = await account.authenticate_and_count(Context(built.services), Credentials(f"Bearer {built.token}"))
    assert ctx.actor
    assert (ctx.actor.account.username, ctx.actor.account.role) == ("admin", Role.ADMIN)
    assert ctx.actor.scopes == set(Scope)


async def test_later_starts_make_none(built: House) -> None:
    assert await account.create_first_account(Context(built.services)) is None
    assert await Account.all().count() == 1


async def test_of_many_first_starts_one_makes_it(built: House) -> None:
    await Account.all().delete()
    made = await asyncio.gather(*(account.create_first_account(Context(built.services)) for _ in range(5)))
    (first,) = [each for each in made if each]
    assert await built.services.access.passwords.verify(first.password, (await Account.get()).password_hash)


async def test_only_digests_of_secrets_are_kept(built: House, nobody: Context, ann: Account) -> None:
    begun = await enter(nobody)
    for path in built.services.settings.data_dir.glob("pichub.db*"):
        kept = path.read_bytes()
        for secret in (built.token, begun.text, PASSWORD):
            assert secret.encode() not in kept


async def test_signing_in_fails_with_the_same_words_and_the_same_work_whatever_is_wrong(
    nobody: Context, hasher: Counting, ann: Account
) -> None:
    operator = replace(nobody, is_operator=True)
    bob = await accounts.create(operator, NewAccount("bob", PASSWORD))
    await accounts.update(operator, bob.id, AccountChanges(disabled=True))
    said = set()
    for username, password in [
        ("ann", "wrong horse"),
        ("ann", ""),
        ("ann", "x" * 200),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("bob", PASSWORD),
        ("bob", "wrong horse"),
    ]:
        before = hasher.checks
        error = await error_of(enter(nobody, username, password))
        assert hasher.checks == before + 1, f"{username} {password}"
        said.add((type(error), str(error)))
    assert len(said) == 1
    assert said.pop()[0] is Unauthorized
    before = hasher.checks
    await enter(nobody)
    assert hasher.checks == before + 1


async def test_a_username_is_the_same_in_any_case(nobody: Context, ann: Account) -> None:
    assert (await enter(nobody, " ANN ")).account.id == ann.id
    again = accounts.create(replace(nobody, is_operator=True), NewAccount("Ann", PASSWORD))
    assert list((await error_of(again)).fields) == ["username"]


@pytest.mark.parametrize("text", ["nul\0", "\ud800", "x" * 201])
async def test_what_no_database_keeps_is_refused(nobody: Context, ann: Account, text: str) -> None:
    assert list((await error_of(enter(nobody, text))).fields) == ["username"]
    assert list((await error_of(enter(nobody, "ann", text))).fields) == ["password"]


async def test_a_good_sign_in_renews_a_hash_of_other_parameters(nobody: Context, ann: Account) -> None:
    stronger = with_passwords(nobody.services, Passwords(lambda: Counting(time_cost=2)))
    await enter(replace(nobody, services=stronger))
    assert ",t=2," in (await Account.get(id=ann.id)).password_hash
    await enter(replace(nobody, services=stronger))


async def test_a_session_says_who_asks_until_it_has_expired(nobody: Context, ann: Account) -> None:
    begun = await enter(nobody)
    ctx = await again(nobody, begun)
    assert ctx.actor
    assert (ctx.actor.id, ctx.actor.scopes, ctx.actor.session) == (ann.id, set(Scope), begun.session)
    in_time = {29: ann.id, 31: None}
    for days, account_id in in_time.items():
        later = replace(nobody.services, clock=lambda days=days: nobody.now() + timedelta(days=days))
        assert (await again(replace(nobody, services=later), begun)).account_id == account_id


@pytest.mark.parametrize("text", ["nonsense", "\ud800", "", "x" * 5000])
async def test_a_cookie_that_does_not_hold_is_nobodys(nobody: Context, text: str) -> None:
    assert (await account.authenticate(nobody, replace(BROWSER, session=text))).actor is None


async def test_a_header_wins_over_a_cookie(built: House, nobody: Context, ann: Account) -> None:
    cookie = replace(BROWSER, session=(await enter(nobody)).text)
    ctx = await account.authenticate(nobody, replace(cookie, authorization=f"Bearer {built.token}"))
    assert ctx.actor
    assert (ctx.actor.account.username, ctx.actor.session) == ("admin", None)
    with pytest.raises(Unauthorized):
        await account.authenticate(nobody, replace(cookie, authorization="Bearer nonsense"))


async def test_use_is_noted_once_a_minute_and_beside_the_request(
    built: House, nobody: Context, ann: Account
) -> None:
    begun, now = await enter(nobody), nobody.now()

    async def noted(seconds: int) -> float:
        later = replace(nobody.services, clock=lambda: now + timedelta(seconds=seconds))
        await asyncio.gather(*(again(replace(nobody, services=later), begun) for _ in range(5)))
        await built.services.access.last_used.close()
        return ((await Session.get(id=begun.session.id)).last_used_at - now).total_seconds()

    assert await noted(30) < 1
    assert await noted(70) == 70
    assert await noted(100) == 70
    assert await noted(131) == 131


async def test_a_note_that_fails_fails_nothing_else(
    built: House, nobody: Context, caplog: pytest.LogCaptureFixture
) -> None:
    await databases.fail_statements("UPDATE", "api_tokens", "full")
    assert (await account.authenticate_and_count(nobody, Credentials(f"Bearer {built.token}"))).actor
    await built.services.access.last_used.close()
    (record,) = caplog.records
    assert "could not be noted" in record.getMessage()


async def test_signing_out_ends_the_session_and_no_other(nobody: Context, ann: Account) -> None:
    one, two = await enter(nobody), await enter(nobody)
    assert (await account.sign_out(await again(nobody, one))).actor is None
    assert (await again(nobody, one)).actor is None
    assert (await again(nobody, two)).account_id == ann.id


async def test_signing_in_again_takes_the_place_of_the_session_there_was(
    nobody: Context, ann: Account
) -> None:
    one = await enter(nobody)
    two = await enter(await again(nobody, one))
    assert (await again(nobody, one)).actor is None
    assert [each.id for each in await sessions.list_active(two.ctx)] == [two.session.id]


async def test_an_account_has_a_hundred_sessions_at_most(nobody: Context, ann: Account) -> None:
    now = nobody.now()
    for minute in range(102):
        clock = lambda minute=minute: now + timedelta(minutes=minute)  # noqa: E731
        begun = await enter(replace(nobody, services=replace(nobody.services, clock=clock)))
    held = await sessions.list_active(begun.ctx)
    assert len(held) == 100
    assert held[0] == begun.session


async def test_a_changed_password_ends_the_other_sessions(nobody: Context, ann: Account) -> None:
    mine, other = await enter(nobody), await enter(nobody)
    await account.change_password(mine.ctx, PASSWORD, "another horse")
    assert (await again(nobody, other)).actor is None
    assert (await again(nobody, mine)).account_id == ann.id
    assert isinstance(await error_of(enter(nobody)), Unauthorized)
    await enter(nobody, "ann", "another horse")


async def test_a_password_changes_for_who_knows_it_and_has_signed_in(
    built: House, nobody: Context, ann: Account
) -> None:
    begun = await enter(nobody)
    error = await error_of(account.change_password(begun.ctx, "wrong horse", "another horse"))
    assert list(error.fields) == ["current_password"]
    token = await account.authenticate_and_count(nobody, Credentials(f"Bearer {built.token}"))
    assert isinstance(await error_of(account.change_password(token, "x", "another horse")), Forbidden)
    assert isinstance(await error_of(account.change_password(nobody, "x", "another horse")), Unauthorized)


@pytest.mark.parametrize(
    ("username", "password", "wrong"),
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
async def test_what_a_name_and_a_password_may_be(
    nobody: Context, username: str, password: str, wrong: list[str]
) -> None:
    operator = replace(nobody, is_operator=True)
    error = await error_of(accounts.create(operator, NewAccount(username, password)))
    assert isinstance(error, Invalid)
    assert sorted(error.fields) == wrong


@pytest.mark.parametrize("password", ["          ", "🐎" * 10, "correct horse battery staple"])
async def test_a_password_may_be_made_of_anything(nobody: Context, password: str) -> None:
    operator = replace(nobody, is_operator=True)
    await accounts.create(operator, NewAccount("a.b_c-1", password))
    await enter(nobody, "a.b_c-1", password)


async def test_nobody_signs_up_where_it_is_closed(nobody: Context) -> None:
    assert isinstance(await error_of(account.sign_up(nobody, BROWSER, NewSignUp("ann", PASSWORD))), Forbidden)
    assert await Account.all().count() == 1


async def test_everyone_signs_up_where_it_is_open_and_names_are_taken_once(tmp_path: Path) -> None:
    async with house(tmp_path, sign_up="open") as built:
        ctx = Context(built.services)
        begun = await account.sign_up(ctx, BROWSER, NewSignUp("Ann", PASSWORD))
        assert (begun.account.username, begun.account.role) == ("ann", Role.MEMBER)
        assert (await again(ctx, begun)).account_id == begun.account.id
        error = await error_of(account.sign_up(ctx, BROWSER, NewSignUp("ann", PASSWORD)))
        assert list(error.fields) == ["username"]


async def test_an_invitation_lets_one_in(tmp_path: Path) -> None:
    async with house(tmp_path, sign_up="invitation") as built:
        ctx = Context(built.services)
        await accounts.create(replace(ctx, is_operator=True), NewAccount("boss", PASSWORD, role=Role.ADMIN))
        admin = (await enter(ctx, "boss")).ctx

        async def up(username: str, code: str | None, **services: Any) -> list[str]:
            """The fields that are wrong."""
            asking = replace(ctx, services=replace(built.services, **services))
            try:
                await account.sign_up(asking, BROWSER, NewSignUp(username, PASSWORD, code))
            except Invalid as error:
                return list(error.fields)
            return []

        _, code = await invitations.create(admin, "for Ann")
        assert await up("ann", None) == await up("ann", "nonsense") == ["invitation"]
        assert await up("boss", code) == ["username"], "which does not use it up"
        assert sorted(await asyncio.gather(*(up(f"ann{n}", code) for n in range(4)))) == [
            [],
            *[["invitation"]] * 3,
        ]
        assert await invitations.list_open(admin) == []

        revoked, code = await invitations.create(admin)
        await invitations.revoke(admin, revoked.id)
        assert await up("bob", code) == ["invitation"]
        assert (await error_of(invitations.revoke(admin, revoked.id))).code == "NOT_FOUND"

        _, code = await invitations.create(admin)
        late = ctx.now() + timedelta(days=7, seconds=1)
        assert await up("bob", code, clock=lambda: late) == ["invitation"]


async def test_a_foreign_page_signs_nobody_in_or_up(nobody: Context, ann: Account) -> None:
    foreign = replace(BROWSER, page=RequestOrigin.FOREIGN)
    assert isinstance(await error_of(account.sign_in(nobody, foreign, "ann", PASSWORD)), Forbidden)
    assert isinstance(await error_of(account.sign_up(nobody, foreign, NewSignUp("bob", PASSWORD))), Forbidden)
    await account.sign_in(nobody, replace(BROWSER, page=RequestOrigin.UNKNOWN), "ann", PASSWORD)


async def test_too_many_at_once_are_told_to_come_back(built: House, ann: Account) -> None:
    gate = threading.Event()

    class Held(Counting):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            gate.wait(5)
            return super().verify(hash, password)

    few = with_passwords(built.services, Passwords(Held, at_once=1, most_waiting=1))
    asked = [asyncio.create_task(enter(Context(few))) for _ in range(6)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    gate.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    kinds = [type(answer) for answer in answers]
    assert Busy in kinds
    assert set(kinds) <= {Busy, SignedIn}

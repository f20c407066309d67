import asyncio

from app.auth.actor import Scope
from app.auth.passwords import is_password
from app.context import Context
from app.models import Account, Role
from app.resolvers import account
from tests.house import House


async def test_the_first_start_makes_an_admin_with_a_token_of_all_scopes(built: House) -> None:
    ctx = await account.sign_in_by_header(Context(built.services), f"Bearer {built.token}")
    assert ctx.actor
    assert (ctx.actor.account.username, ctx.actor.account.role) == ("admin", Role.ADMIN)
    assert ctx.actor.scopes == set(Scope)


async def test_later_starts_make_none(built: House) -> None:
    assert await account.make_first(Context(built.services)) is None
    assert await Account.all().count() == 1


async def test_of_many_first_starts_one_makes_it(built: House) -> None:
    await Account.all().delete()
    made = await asyncio.gather(*(account.make_first(Context(built.services)) for _ in range(5)))
    (first,) = [each for each in made if each]
    assert is_password(first.password, (await Account.get()).password_hash)


async def test_only_digests_of_secrets_are_kept(built: House) -> None:
    await Account.all()
    for path in built.services.settings.data_dir.glob("pichub.db*"):
        assert built.token.encode() not in path.read_bytes()

from app.auth.actor import Scope
from app.errors import MEGABYTE
from app.models import Account
from scripts.fixtures import sample_images
from tests.pichub import House, signed


async def test_account_has_usage_and_limits(home: House) -> None:
    token = await home.account("teller", scopes=[Scope.ACCOUNT_READ, Scope.IMAGES_WRITE])
    await home.upload(sample_images.png(), token=token)
    response = await home.client.get("/v1/account", headers=signed(token))
    row = await Account.get(username="teller")
    assert response.json() == {
        "success": True,
        "data": {
            "id": row.id,
            "username": "teller",
            "role": "member",
            "usage": {"bytes": len(sample_images.png()), "images": 1},
            "quota": None,
            "limits": {
                "max_upload_size": 50 * MEGABYTE,
                "max_pixels": 50_000_000,
                "max_side": 16_384,
                "requests": "off",
                "uploads": "off",
            },
            "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
        },
    }


async def test_account_requires_its_scope(home: House) -> None:
    token = await home.account("narrow", scopes=[Scope.IMAGES_READ])
    response = await home.client.get("/v1/account", headers=signed(token))
    assert (response.status_code, "account:read" in response.json()["error"]["details"]) == (403, True)
    assert (await home.client.get("/v1/account")).status_code == 401

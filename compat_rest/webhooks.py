"""Webhooks over REST."""

from starlette.requests import Request
from starlette.responses import Response

from app.resolvers import webhooks
from compat_rest import bodies, parse, present
from compat_rest.bodies import FLAG, TEXT, TEXT_LIST, TEXT_OR_NULL

CREATE_FIELDS = {"url": TEXT, "events": TEXT_LIST, "description": TEXT_OR_NULL}
REQUIRED_FIELDS = ("url", "events")
UPDATE_FIELDS = {**CREATE_FIELDS, "is_active": FLAG}


async def create(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    fields = await bodies.read_fields(request, CREATE_FIELDS, required=REQUIRED_FIELDS)
    created = await webhooks.create(ctx, webhooks.NewWebhook(**fields))
    location = ctx.services.images.urls.api(f"webhooks/{created.webhook.id}")
    return present.created(present.webhook(created.webhook, created.secret), location)


async def index(request: Request) -> Response:
    page = await webhooks.numbered(await parse.authenticate(request), parse.parse_page(request))
    return present.listing(page, [present.webhook(webhook) for webhook in page.items])


async def show(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    return present.success(present.webhook(await webhooks.get(ctx, request.path_params["id"])))


async def update(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    changes = webhooks.WebhookChanges(**await bodies.read_fields(request, UPDATE_FIELDS))
    return present.success(present.webhook(await webhooks.update(ctx, request.path_params["id"], changes)))


async def delete(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    return present.deleted(await webhooks.delete(ctx, request.path_params["id"]))


async def test(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    return present.accepted(present.webhook(await webhooks.ping(ctx, request.path_params["id"])))


async def rotate_secret(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    rotated = await webhooks.rotate_secret(ctx, request.path_params["id"])
    return present.success(present.webhook(rotated.webhook, rotated.secret))


async def deliveries(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    status, numbers = parse.parse_delivery_status(request), parse.parse_page(request)
    page = await webhooks.deliveries(ctx, request.path_params["id"], status, numbers)
    attempts = await webhooks.attempts_of(ctx, [delivery.id for delivery in page.items])
    return present.listing(page, [present.delivery(each, attempts[each.id]) for each in page.items])


async def redeliver(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    names = request.path_params
    delivery = await webhooks.redeliver(ctx, names["delivery_id"], webhook_id=names["id"])
    attempts = await webhooks.attempts_of(ctx, [delivery.id])
    return present.accepted(present.delivery(delivery, attempts[delivery.id]))

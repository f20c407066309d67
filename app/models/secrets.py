from tortoise import fields
from tortoise.models import Model


class UrlSecret(Model):
    """A secret that addresses are signed with. The one with the highest id signs, and has no `until`.

    The others verify up to theirs. Only where no setting names a secret, and servers have no folder in common.
    """

    id = fields.BigIntField(primary_key=True, generated=False)
    text = fields.TextField()
    until = fields.DatetimeField(null=True)

    class Meta:
        table = "url_secrets"

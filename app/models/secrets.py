from tortoise import fields
from tortoise.models import Model


class UrlSecret(Model):
    """A secret that signs URLs. The one with the highest id signs, and has no `until`.

    The others verify until theirs. Used if no setting has a secret and servers share no folder.
    """

    id = fields.BigIntField(primary_key=True, generated=False)
    text = fields.TextField()
    until = fields.DatetimeField(null=True)

    class Meta:
        table = "url_secrets"

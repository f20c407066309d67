from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet


class Lease(Model):
    """A lease for work that one process does at a time. `holder` names the process, until `expires_at` at the latest.

    `done_at` is when the work was last completed.
    """

    name = fields.CharField(max_length=64, primary_key=True, generated=False)
    holder = fields.CharField(max_length=32)
    expires_at = fields.DatetimeField()
    done_at = fields.DatetimeField(null=True)

    class Meta:
        table = "leases"

    @classmethod
    def open_to(cls, holder: str, name: str, now: datetime) -> QuerySet[Self]:
        """The lease, if it is free, expired or held by this holder."""
        return cls.filter(Q(holder=holder) | Q(expires_at__lte=now), name=name)

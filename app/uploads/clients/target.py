from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Target:
    """Where uploads go, and the text of the token that signs them. `server` has no slash at its end."""

    server: str
    token: str

    @property
    def url(self) -> str:
        """What files are posted to, in the field `image`."""
        return f"{self.server}/v1/upload"

    @property
    def host(self) -> str:
        return urlsplit(self.server).netloc

    @property
    def authorization(self) -> str:
        return f"Bearer {self.token}"

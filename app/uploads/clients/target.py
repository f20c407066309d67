from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Target:
    """Server and token for uploads. `server` has no trailing slash."""

    server: str
    token: str

    @property
    def url(self) -> str:
        """URL to post files to, in the field `image`."""
        return f"{self.server}/v1/upload"

    @property
    def host(self) -> str:
        return urlsplit(self.server).netloc

    @property
    def authorization(self) -> str:
        return f"Bearer {self.token}"

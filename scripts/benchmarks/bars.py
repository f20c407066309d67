"""The required figures, and whether a run meets them."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """A measure's name, its description, and its minimum or maximum."""

    measure: str
    about: str
    _: KW_ONLY
    at_least: float | None = None
    at_most: float | None = None

    def verdict(self, measures: Mapping[str, float]) -> str:
        """Return one line: pass or miss with figure and requirement, or "not measured"."""
        value = measures.get(self.measure)
        if value is None:
            return f"  --    {self.about}: not measured ({self.requirement})"
        return f"  {'pass' if self.holds(value) else 'MISS'}  {self.about}: {value:.4g} ({self.requirement})"

    def holds(self, value: float) -> bool:
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )

    @property
    def requirement(self) -> str:
        return f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"


SSIM_TOLERANCE = 0.001
"""Two results look the same if ours is lower by at most this much."""

BARS = (
    Bar("codec/photo-webp/sharp", "12 MP to 800×600 WebP, original only, times sharp's speed", at_least=1.25),
    Bar("codec/photo-webp/ipx", "the same, times ipx's speed", at_least=1.25),
    Bar("codec/photo-webp/bytes", "its bytes against sharp's", at_most=1.06),
    Bar("codec/photo-webp/ssim lost", "its SSIM below sharp's", at_most=SSIM_TOLERANCE),
    Bar("codec/photo-avif/sharp", "12 MP to 800×600 AVIF, times sharp's speed", at_least=4),
    Bar("codec/photo-avif/bytes", "its bytes against sharp's", at_most=1.01),
    Bar("codec/photo-avif/ssim lost", "its SSIM below sharp's", at_most=SSIM_TOLERANCE),
    Bar("codec/gif-webp/sharp", "animated GIF to WebP, times sharp's speed", at_least=1.1),
    Bar("codec/alpha-webp/sharp", "PNG with alpha to WebP, times sharp's speed", at_least=1.1),
    Bar("codec/webp-jpeg/sharp", "WebP to JPEG, times sharp's speed", at_least=1.0),
    Bar("codec/photo-png/time", "12 MP to 1600 wide PNG, time against sharp's", at_most=1.3),
    Bar("codec/photo-png/bytes", "its bytes against sharp's", at_most=0.75),
    Bar("uncached/webp/node+sharp", "uncached 800×600 WebP, times node + sharp", at_least=1.9),
    Bar("uncached/webp/ipx", "the same, times ipx's", at_least=1.9),
    Bar("uncached/jpeg/node+sharp", "uncached 300 wide JPEG, times node + sharp", at_least=3.0),
    Bar("overhead/fine", "our CPU above bare decode + resize + encode, WebP from the original, %", at_most=5),
    Bar("overhead/webp", "the same from the large intermediate, %", at_most=5),
    Bar("overhead/jpeg", "the same, JPEG from the small intermediate, %", at_most=5),
    Bar("hits/16/node+sharp", "hits, 16 connections, times node + sharp", at_least=2),
    Bar("hits/16/thumbor", "the same, times thumbor's", at_least=10),
    Bar("hits/16/p99", "p99 of a hit, 16 connections, ms", at_most=2),
    Bar("hits/saturated/p99", "p99 of a hit while transforms saturate the pool, ms", at_most=10),
    Bar("coalescing/cpu", "CPU of 32 at once for one new variant against one", at_most=1.2),
    Bar("coalescing/whole", "answers of the 32 that are whole and equal", at_least=32),
    Bar("memory/ipx", "memory after the load against ipx's", at_most=0.75),
    Bar("memory/Directus", "memory after the load against Directus's", at_most=0.3),
    Bar(
        "lists/GraphQL/10000/Directus", "GraphQL, newest 20 with total of 10,000, times Directus", at_least=4
    ),
    Bar("lists/GraphQL/10000/Strawberry alone", "the same, times Strawberry over objects", at_least=0.65),
    Bar("lists/GraphQL/1000000/Directus", "the same of 1,000,000, times Directus", at_least=150),
    Bar("lists/REST/10000/Directus", "REST, newest 20 with total of 10,000, times Directus", at_least=10),
    Bar("lists/REST/1000000/Directus", "the same of 1,000,000, times Directus", at_least=400),
    Bar("lists/depth", "p50 of a page anywhere in 1,000,000 against the first of 1,000", at_most=1.2),
    Bar("upload/Directus", "upload of a 2 MP JPEG, times Directus", at_least=5),
    Bar("start", "start to first answer, s", at_most=0.6),
)

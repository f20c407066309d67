"""Rate limits shared by all servers.

Own script: the fixed windows of `limits` consume one window at a time, so a refusal by the second window would still
have counted in the first.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.coordination.redis.commands import PREFIX, RedisCommands, RedisUnavailable
from app.ratelimits.base import Allowance, Limiter, WindowStats, refusal
from app.ratelimits.policies import Policy

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

CONSUME_SCRIPT = """
local now, cost = tonumber(ARGV[1]), tonumber(ARGV[2])
local names, windows, enough = {}, {}, true
for i = 3, #ARGV, 2 do
    names[#names + 1] = ARGV[i] .. '/' .. ARGV[i + 1]
    windows[#windows + 1] = {amount = tonumber(ARGV[i]), period = tonumber(ARGV[i + 1])}
end
local kept = redis.call('HMGET', KEYS[1], unpack(names))
for i, window in ipairs(windows) do
    window.count, window.ends = 0, now
    if kept[i] then
        local count, ends = string.match(kept[i], '^(%d+) (%d+)$')
        if tonumber(ends) > now then
            -- No further off than a period: then a server whose clock is ahead began it.
            window.count, window.ends = tonumber(count), math.min(tonumber(ends), now + window.period)
        end
    end
    enough = enough and window.amount - window.count >= cost
end
if enough and cost > 0 then
    local last = now
    for i, window in ipairs(windows) do
        if window.ends == now then window.ends = now + window.period end
        window.count = window.count + cost
        redis.call('HSET', KEYS[1], names[i], string.format('%.0f %.0f', window.count, window.ends))
        last = math.max(last, window.ends)
    end
    redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil((last - now) / 1000)))
end
local told = {enough and 1 or 0}
for _, window in ipairs(windows) do
    told[#told + 1] = window.count
    told[#told + 1] = window.ends
end
return told
"""
"""Consume from all windows or none. Returns the count and the end of each window. Times are in microseconds."""


class RedisLimiter:
    """Implements `Limiter` in Redis. While Redis is unavailable, `fallback` counts for this process alone."""

    def __init__(self, commands: RedisCommands, clock: Callable[[], datetime], fallback: Limiter) -> None:
        self._commands = commands
        self._clock = clock
        self._here = fallback

    async def consume(self, policy: Policy, key: str, cost: int = 1) -> Allowance | None:
        if not policy.windows:
            return None
        now = self._clock()
        try:
            is_enough, left = await self._run(policy, key, cost, now)
        except RedisUnavailable:
            return await self._here.consume(policy, key, cost)
        if not is_enough:
            raise refusal(key, [each for each in left if each.remaining < cost], now)
        return Allowance(policy, left)

    async def peek(self, policy: Policy, key: str) -> Allowance | None:
        if not policy.windows:
            return None
        try:
            _, left = await self._run(policy, key, 0, self._clock())
        except RedisUnavailable:
            return await self._here.peek(policy, key)
        return Allowance(policy, left)

    async def _run(
        self, policy: Policy, who: str, cost: int, now: datetime
    ) -> tuple[bool, tuple[WindowStats, ...]]:
        values = [(now - EPOCH) // MICROSECOND, cost]
        for window in policy.windows:
            values += [window.amount, window.period * 1_000_000]
        is_enough, *told = await self._commands.run_script(
            "limits", CONSUME_SCRIPT, [f"{PREFIX}limit:{policy.name}:{who}"], values
        )
        return bool(is_enough), tuple(
            WindowStats(policy, window, window.amount - count, EPOCH + ends * MICROSECOND)
            for window, count, ends in zip(policy.windows, told[::2], told[1::2], strict=True)
        )

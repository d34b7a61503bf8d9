"""The scripts that run inside Redis: each is one step that nobody else gets in between."""

from enum import Enum

import attrs


class TimeOfDay(Enum):
    """The time of day as scripts take it, in milliseconds since the epoch."""

    SERVER = "local t = redis.call('TIME'); return t[1] * 1000 + math.floor(t[2] / 1000)"
    """Redis' own clock: one for all machines, whatever theirs say."""
    MOVED = (
        "local t = redis.call('TIME');"
        " return t[1] * 1000 + math.floor(t[2] / 1000) + (redis.call('GET', 'couponhub:clock-moved-by') or 0)"
    )
    """That clock, moved by what stands in a key: for tests of clocks that jump."""


@attrs.frozen
class Script:
    """A script.

    Attributes:
        body: What it does; `now()` is the time of day.
    """

    body: str

    def text(self, clock: TimeOfDay) -> str:
        """Return it as the server takes it."""
        return f"local function now() {clock.value} end\n{self.body}"


PROBE = Script("redis.call('SET', KEYS[1], '1', 'PX', 10000); return {1}")
"""Tells that it can be written; KEYS: one of its own."""

_WINDOWS = """
-- A window lies in a hash {ends, used, cap, born, told}; cap is missing where the configured limit holds. All times are
-- milliseconds. What the caller saw last of it (ends, used, cap, when; 0 for none) stands in for what the server has lost: what was
-- seen before the hash was born is counted beside what was counted since, and `told` is the most of it.
local function read(key, a, t)
  local limit, length, ends_seen, used_seen, cap_seen, seen_at =
    tonumber(ARGV[a]), tonumber(ARGV[a+1]), tonumber(ARGV[a+2]), tonumber(ARGV[a+3]), tonumber(ARGV[a+4]), tonumber(ARGV[a+5])
  local v = redis.call('HMGET', key, 'ends', 'used', 'cap', 'born', 'told')
  local ends, used, cap, born, told = tonumber(v[1]), tonumber(v[2]), tonumber(v[3]), tonumber(v[4]) or 0, tonumber(v[5]) or 0
  local news = false
  if not ends or ends <= t then
    ends, used, cap, born, told = nil, 0, nil, t, 0
    if ends_seen > 0 then ends = ends_seen end
  end
  if ends and ends == ends_seen then
    local before = used
    if seen_at < born then
      if used_seen > told then used, told = used + used_seen - told, used_seen end
    else
      used = math.max(used, used_seen)
    end
    news = used > before
    if not cap and cap_seen > 0 then cap = cap_seen end
  end
  -- One that ends later than a whole window from now was written before the clock was set back.
  if not ends or ends <= t or ends > t + length then
    return {ends = (math.floor(t / length) + 1) * length, used = 0, cap = limit, born = t, told = 0}
  end
  return {ends = ends, used = used, cap = cap or limit, born = born, told = told, news = news}
end
local function write(key, w, limit, t)
  redis.call('HSET', key, 'ends', string.format('%.0f', w.ends), 'used', string.format('%.0f', w.used),
    'born', string.format('%.0f', w.born), 'told', string.format('%.0f', w.told))
  if w.cap ~= limit then redis.call('HSET', key, 'cap', string.format('%.0f', w.cap)) else redis.call('HDEL', key, 'cap') end
  redis.call('PEXPIRE', key, math.max(1, math.ceil(w.ends - t)))
end
local function paused(key, longest, t)
  local ends = tonumber(redis.call('GET', key) or 0)
  if ends > t and ends <= t + longest then return ends - t end
  return 0
end
"""

TAKE = Script(
    _WINDOWS
    + """
-- KEYS: the pause, then each window. ARGV: want, the part that a lease may be, the longest pause; then for each window:
-- limit, length, ends seen, used seen, cap seen, when.
-- Returns what refuses (0 nothing, -1 the pause, or the number of a window), the calls, the time that is left, the time of
-- day; then each window's ends, used and cap.
local t, want = now(), tonumber(ARGV[1])
local windows, refused, least, ends = {}, 0, nil, nil
for i = 2, #KEYS do
  local w = read(KEYS[i], 4 + (i - 2) * 6, t)
  windows[i] = w
  if refused == 0 then
    ends = math.min(ends or w.ends, w.ends)
    least = math.min(least or w.cap - w.used, w.cap - w.used)
    if w.used >= w.cap then refused, ends = i - 1, w.ends end
  end
end
local pause, calls = paused(KEYS[1], tonumber(ARGV[3]), t), 0
if pause > 0 then
  refused, ends = -1, t + pause
elseif refused == 0 then
  calls = math.max(1, math.min(want, math.floor(least * tonumber(ARGV[2]))))
end
local answer = {refused, calls, ends - t, t}
for i = 2, #KEYS do
  local w = windows[i]
  w.used = w.used + calls
  if calls > 0 or w.news then write(KEYS[i], w, tonumber(ARGV[4 + (i - 2) * 6]), t) end
  answer[#answer+1] = w.ends; answer[#answer+1] = w.used; answer[#answer+1] = w.cap
end
return answer
"""
)

ADD = Script(
    _WINDOWS
    + """
-- KEYS: the window. ARGV: limit, length, ends seen, used seen, cap seen, when, calls. Counts calls that were made
-- already. Returns the time of day, and the window's ends, used and cap.
local t = now()
local w = read(KEYS[1], 1, t)
w.used = w.used + tonumber(ARGV[7])
write(KEYS[1], w, tonumber(ARGV[1]), t)
return {t, w.ends, w.used, w.cap}
"""
)

LEARN = Script(
    _WINDOWS
    + """
-- KEYS: the window. ARGV: limit, length, ends seen, used seen, cap seen; the vendor's limit (-1 for none), what it says is
-- left (-1 for nothing, whatever the limit), the time until it ends. Returns whether anything changed, the time of day, and
-- the window's ends, used and cap.
local t, limit = now(), tonumber(ARGV[1])
local w = read(KEYS[1], 1, t)
local said, remaining, changed = tonumber(ARGV[7]), tonumber(ARGV[8]), 0
local cap = w.cap
if said >= 0 then cap = said end
local used = math.max(w.used, cap - math.max(0, remaining))
if remaining < 0 then used = cap end
if remaining < 0 or used ~= w.used or cap ~= w.cap then
  changed = 1
  w = {ends = t + math.ceil(tonumber(ARGV[9])), used = used, cap = cap, born = w.born, told = w.told}
  write(KEYS[1], w, limit, t)
end
return {changed, t, w.ends, w.used, w.cap}
"""
)

PAUSE = Script("""
-- KEYS: the pause. ARGV: how long. Returns nothing of use.
redis.call('SET', KEYS[1], string.format('%.0f', now() + tonumber(ARGV[1])), 'PX', math.max(1, math.ceil(tonumber(ARGV[1]))))
return {1}
""")

LEFT = Script(
    _WINDOWS
    + """
-- KEYS: for each window its kind's pause and itself. ARGV: the longest pause; then for each window: limit, length, ends seen,
-- used seen, cap seen, when. Returns for each window what is left, -1 where its kind is paused.
local t, answer = now(), {}
for i = 1, #KEYS, 2 do
  local w = read(KEYS[i+1], 2 + (i - 1) / 2 * 6, t)
  if paused(KEYS[i], tonumber(ARGV[1]), t) > 0 then answer[#answer+1] = -1 else answer[#answer+1] = math.max(0, w.cap - w.used) end
end
return answer
"""
)

_GENERATION = """
-- The generation is a number that each erasure raises; what a process saw last stands in for what the server has lost. None is
-- given twice, for a new one is at least the time of day: what was kept under an old one would be found again, and who knows
-- the number already would take an erasure for one that is heeded.
local function raised(g) return math.max(g + 1, now()) end
local function generation(key, seen)
  local g = tonumber(redis.call('GET', key) or -1)
  if g < math.max(seen, 0) then g = raised(seen); redis.call('SET', key, string.format('%.0f', g)) end
  return g
end
"""

LATEST = Script(_GENERATION + "return {generation(KEYS[1], tonumber(ARGV[1]))}")
"""KEYS: the generation. ARGV: the one seen last."""

ERASE = Script(
    _GENERATION
    + """
-- KEYS: the generation. ARGV: the one seen last. Nothing that was kept before is found any more.
local g = raised(math.max(tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1])))
redis.call('SET', KEYS[1], string.format('%.0f', g))
return {g}
"""
)

LOOK = Script(
    _GENERATION
    + """
-- KEYS: the generation, the answer, the claim, the news. ARGV: the generation seen last, who asks, for how long it is claimed
-- (0 not at all), whether also where something fresh is there.
-- An answer begins with its generation, when it was asked for, and until when it is fresh, each before a colon.
-- Returns the generation, the answer, its age, whether it is fresh, whether the claim is ours, the news, the time of day.
local t, g = now(), generation(KEYS[1], tonumber(ARGV[1]))
local found = redis.call('MGET', KEYS[2], KEYS[4])
local answer, age, fresh, ours = found[1] or '', 0, 0, 0
local of, asked, fresh_until = string.match(answer, '^(%d+):(%d+):(%d+):')
if of and tonumber(of) == g then
  age = math.max(0, t - tonumber(asked))
  if t < tonumber(fresh_until) then fresh = 1 end
else
  answer = ''
end
if tonumber(ARGV[3]) > 0 and (fresh == 0 or ARGV[4] == '1') then
  -- Where there is no memory left for a claim, everybody asks.
  local claimed = redis.pcall('SET', KEYS[3], ARGV[2], 'NX', 'PX', ARGV[3])
  if claimed and (claimed.err or claimed.ok) then ours = 1 end
end
return {g, answer, age, fresh, ours, found[2] or '', t}
"""
)

KEEP = Script(
    """
-- KEYS: the generation, the answer, the claim. ARGV: the generation of the look, who asks, when it was asked, until when it is
-- fresh, until when it is kept, the answer. Returns whether it was kept.
local kept, left = 0, tonumber(ARGV[5]) - now()
local there = redis.call('GET', KEYS[2]) or ''
local of, asked = string.match(there, '^(%d+):(%d+):')
local g = tonumber(redis.call('GET', KEYS[1]) or 0)
local is_older = of and tonumber(of) == g and tonumber(asked) > tonumber(ARGV[3])
if g == tonumber(ARGV[1]) and not is_older and left > 0 then
  redis.call('SET', KEYS[2], ARGV[1] .. ':' .. ARGV[3] .. ':' .. ARGV[4] .. ':' .. ARGV[6], 'PX', string.format('%.0f', left))
  kept = 1
end
if redis.call('GET', KEYS[3]) == ARGV[2] then redis.call('DEL', KEYS[3]) end
return {kept}
"""
)

LET_GO = Script("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end; return {1}")
"""KEYS: a claim. ARGV: who asks."""

TELL = Script("redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]); return {1}")
"""KEYS: the news. ARGV: these, and for how long."""

CLAIM_PROBE = Script(
    """
-- KEYS: the claim, the news. ARGV: who asks, for how long. Returns whether it is ours, and the news.
local ours = 0
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then ours = 1 end
return {ours, redis.call('GET', KEYS[2]) or ''}
"""
)

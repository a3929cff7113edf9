import { createHash } from 'node:crypto';

import type { Lua } from './redis-connection.ts';

/**
 * What happens inside the server, each script as a whole: conditions and writes cannot come apart.
 *
 * A command whose answer got lost is sent again when the connection is back. An append that is run
 * twice says what it said the first time; the others do no harm the second time.
 */
function script(text: string): Lua {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

const FENCE = `
local function refused(head, fence)
  local known = tonumber(redis.call('HGET', head, 'fence') or '0')
  if fence == '' then return nil end
  if tonumber(fence) < known then return {'fenced', tostring(known)} end
  if tonumber(fence) > known then redis.call('HSET', head, 'fence', fence) end
  return nil
end`;

/** KEYS schema, head. ARGV the newest version. Brings what is there to it, one version after the other. */
export const OPEN = script(`
local newest = tonumber(ARGV[1])
local found = tonumber(redis.call('GET', KEYS[1]) or '0')
if found > newest then return {'too-new', tostring(found)} end
if found < 1 then redis.call('HSETNX', KEYS[2], 'seq', '0') end
if found < 2 then redis.call('HSETNX', KEYS[2], 'fence', '0') end
if found < newest then redis.call('SET', KEYS[1], tostring(newest)) end
return {'open', tostring(found)}`);

/** KEYS head, journal. ARGV expected seq, digest of that entry, fence or '', channel, then at, digest, text of every entry. */
export const APPEND = script(`${FENCE}
local expected = tonumber(ARGV[1])
local count = (#ARGV - 4) / 3
local seq = tonumber(redis.call('HGET', KEYS[1], 'seq') or '0')
if count > 0 and seq >= expected + count then
  local last = redis.call('XRANGE', KEYS[2], (expected + count) .. '-0', (expected + count) .. '-0')
  if #last == 1 and last[1][2][4] == ARGV[#ARGV - 1] then return {'appended'} end
end
local no = refused(KEYS[1], ARGV[3])
if no then return no end
if seq ~= expected then return {'conflict', tostring(seq)} end
if seq > 0 then
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
  if redis.call('HGET', KEYS[1], 'digest') ~= ARGV[2] or #last == 0 or last[1][1] ~= seq .. '-0' then return {'stale'} end
end
for i = 1, count do
  local at = 2 + i * 3
  redis.call('XADD', KEYS[2], (seq + i) .. '-0', 'at', ARGV[at], 'digest', ARGV[at + 1], 'text', ARGV[at + 2])
end
if count > 0 then
  redis.call('HSET', KEYS[1], 'seq', tostring(seq + count), 'digest', ARGV[#ARGV - 1])
  redis.call('PUBLISH', ARGV[4], tostring(seq + count))
end
return {'appended'}`);

/** KEYS head. ARGV fence. */
export const RAISE_FENCE = script(`${FENCE}
return refused(KEYS[1], ARGV[1]) or {'raised'}`);

/** KEYS head, evidence. ARGV fence or '', then key and text ('' where it is gone) of every row. */
export const PUT_EVIDENCE = script(`${FENCE}
local no = refused(KEYS[1], ARGV[1])
if no then return no end
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[2], ARGV[i]) else redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
end
return {'written'}`);

/** KEYS head, documents. ARGV fence or '', name, expected version or '', text ('' where it is gone). A value is its version, a line break, its text. */
export const WRITE_DOCUMENT = script(`${FENCE}
local no = refused(KEYS[1], ARGV[1])
if no then return no end
local stored = redis.call('HGET', KEYS[2], ARGV[2])
local last, text = 0, ''
if stored then
  local at = string.find(stored, '\\n', 1, true)
  last = tonumber(string.sub(stored, 1, at - 1))
  text = string.sub(stored, at + 1)
end
local current = text == '' and 0 or last
if ARGV[3] ~= '' and tonumber(ARGV[3]) ~= current then return {'conflict', tostring(current)} end
redis.call('HSET', KEYS[2], ARGV[2], (last + 1) .. '\\n' .. ARGV[4])
return {'written', tostring(last + 1)}`);

/** KEYS head, lease, lease fences. ARGV name, holder, milliseconds. */
export const ACQUIRE_LEASE = script(`
local by = redis.call('GET', KEYS[2])
local fence = tonumber(redis.call('HGET', KEYS[3], ARGV[1]) or '0')
if by and by ~= ARGV[2] then return {'taken', by, tostring(redis.call('PTTL', KEYS[2]))} end
if not by then
  fence = math.max(fence, tonumber(redis.call('HGET', KEYS[1], 'fence') or '0')) + 1
  redis.call('HSET', KEYS[3], ARGV[1], tostring(fence))
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return {'held', tostring(fence)}`);

/** KEYS lease, lease fences. ARGV name, holder, fence, milliseconds (0 gives it back). */
export const KEEP_LEASE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[2] or redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[3] then return {'lost'} end
if ARGV[4] == '0' then redis.call('DEL', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return {'kept'}`);

import type { MemcachedStore } from './memcached-store.ts'
import { CHUNK_BYTES, PAGE_BYTES } from './slab-classes.ts'

export type StatLine = readonly [name: string, value: string | number]

/** What a server knows of itself beside its store. */
export interface ServerFacts {
  readonly version: string
  readonly uptimeS: number
  readonly unixS: number
  readonly connections: number
  readonly totalConnections: number
  readonly connectionsMax: number
  readonly bytesRead: number
  readonly bytesWritten: number
}

/** Processor time of a command, in microseconds of user and system time: about what a real one takes. */
const USER_US = 4
const SYSTEM_US = 9

/** `stats`: in the order in which Memcached tells it. What is not simulated (threads that crawl and move) stands at 0. */
export function generalStats(store: MemcachedStore, facts: ServerFacts): StatLine[] {
  const { counters } = store
  const commands =
    counters.cmd_get + counters.cmd_set + counters.cmd_touch + counters.delete_hits + counters.delete_misses
  return [
    ['pid', 1],
    ['uptime', facts.uptimeS],
    ['time', facts.unixS],
    ['version', facts.version],
    ['libevent', '2.1.12-stable'],
    ['pointer_size', 64],
    ['rusage_user', seconds(commands * USER_US)],
    ['rusage_system', seconds(commands * SYSTEM_US)],
    ['max_connections', facts.connectionsMax],
    ['curr_connections', facts.connections],
    ['total_connections', facts.totalConnections],
    ['rejected_connections', 0],
    ['connection_structures', facts.connections],
    ['cmd_get', counters.cmd_get],
    ['cmd_set', counters.cmd_set],
    ['cmd_flush', counters.cmd_flush],
    ['cmd_touch', counters.cmd_touch],
    ['get_hits', counters.get_hits],
    ['get_misses', counters.get_misses],
    ['get_expired', counters.get_expired],
    ['get_flushed', counters.get_flushed],
    ['delete_misses', counters.delete_misses],
    ['delete_hits', counters.delete_hits],
    ['incr_misses', counters.incr_misses],
    ['incr_hits', counters.incr_hits],
    ['decr_misses', counters.decr_misses],
    ['decr_hits', counters.decr_hits],
    ['cas_misses', counters.cas_misses],
    ['cas_hits', counters.cas_hits],
    ['cas_badval', counters.cas_badval],
    ['touch_hits', counters.touch_hits],
    ['touch_misses', counters.touch_misses],
    ['store_too_large', counters.store_too_large],
    ['store_no_memory', 0],
    ['auth_cmds', 0],
    ['auth_errors', 0],
    ['bytes_read', facts.bytesRead],
    ['bytes_written', facts.bytesWritten],
    ['limit_maxbytes', store.limitBytes],
    ['accepting_conns', 1],
    ['listen_disabled_num', 0],
    ['threads', 4],
    ['conn_yields', 0],
    ['hash_power_level', 16],
    ['hash_bytes', 524_288],
    ['hash_is_expanding', 0],
    ['slab_reassign_rescues', 0],
    ['lru_crawler_running', 0],
    ['lru_crawler_starts', 0],
    ['lru_maintainer_juggles', 0],
    ['malloc_fails', 0],
    ['bytes', store.bytes],
    ['curr_items', store.items],
    ['total_items', counters.total_items],
    ['slab_global_page_pool', 0],
    ['expired_unfetched', 0],
    ['evicted_unfetched', 0],
    ['evicted_active', 0],
    ['evictions', counters.evictions],
    ['reclaimed', counters.reclaimed],
    ['crawler_reclaimed', 0],
    ['crawler_items_checked', 0],
    ['lrutail_reflocked', 0],
    ['moves_to_cold', 0],
    ['moves_to_warm', 0],
    ['moves_within_lru', 0],
    ['direct_reclaims', 0],
  ]
}

export function itemStats(store: MemcachedStore, unixS: number): StatLine[] {
  return [...store.slabs()].flatMap(({ number, counters, items }): StatLine[] => {
    if (items.length === 0) return []
    const oldestS = Math.min(...items.map(({ storedS }) => storedS))
    const of = (name: string, value: number): StatLine => [`items:${number}:${name}`, value]
    return [
      of('number', items.length),
      of('number_hot', 0),
      of('number_warm', 0),
      of('number_cold', items.length),
      of('age_hot', 0),
      of('age_warm', 0),
      of('age', unixS - oldestS),
      of('mem_requested', counters.mem_requested),
      of('evicted', counters.evicted),
      of('evicted_nonzero', 0),
      of('evicted_time', 0),
      of('outofmemory', 0),
      of('tailrepairs', 0),
      of('reclaimed', counters.reclaimed),
      of('expired_unfetched', 0),
      of('evicted_unfetched', 0),
      of('evicted_active', 0),
      of('crawler_reclaimed', 0),
      of('crawler_items_checked', 0),
      of('lrutail_reflocked', 0),
      of('moves_to_cold', 0),
      of('moves_to_warm', 0),
      of('moves_within_lru', 0),
      of('direct_reclaims', 0),
      of('hits_to_hot', 0),
      of('hits_to_warm', 0),
      of('hits_to_cold', counters.get_hits),
      of('hits_to_temp', 0),
    ]
  })
}

export function slabStats(store: MemcachedStore): StatLine[] {
  const slabs = [...store.slabs()]
  const lines = slabs.flatMap(({ number, counters, items }): StatLine[] => {
    const chunkBytes = CHUNK_BYTES[number - 1]!
    const perPage = Math.floor(PAGE_BYTES / chunkBytes)
    const chunks = perPage * counters.pages
    const of = (name: string, value: number): StatLine => [`${number}:${name}`, value]
    return [
      of('chunk_size', chunkBytes),
      of('chunks_per_page', perPage),
      of('total_pages', counters.pages),
      of('total_chunks', chunks),
      of('used_chunks', items.length),
      of('free_chunks', chunks - items.length),
      of('free_chunks_end', 0),
      of('get_hits', counters.get_hits),
      of('cmd_set', counters.cmd_set),
      of('delete_hits', counters.delete_hits),
      of('incr_hits', counters.incr_hits),
      of('decr_hits', counters.decr_hits),
      of('cas_hits', counters.cas_hits),
      of('cas_badval', counters.cas_badval),
      of('touch_hits', counters.touch_hits),
    ]
  })
  return [...lines, ['active_slabs', slabs.length], ['total_malloced', store.mallocedBytes]]
}

export function settingStats(store: MemcachedStore, { connectionsMax, version }: ServerFacts): StatLine[] {
  return [
    ['maxbytes', store.limitBytes],
    ['maxconns', connectionsMax],
    ['tcpport', 11_211],
    ['udpport', 0],
    ['evictions', 'on'],
    ['growth_factor', '1.25'],
    ['chunk_size', 48],
    ['num_threads', 4],
    ['cas_enabled', 'yes'],
    ['item_size_max', 1_048_576],
    ['lru_crawler', 'no'],
    ['lru_segmented', 'no'],
    ['memory_file', '(null)'],
    ['client_flags_size', 4],
    ['version', version],
  ]
}

function seconds(us: number): string {
  return `${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}`
}

import type { Family } from '../exposition-template.ts'

type Stats = ReadonlyMap<string, string>

/** What a Memcached says of itself, as it says it. */
export interface MemcachedAnswers {
  readonly general: Stats
  readonly settings: Stats
  readonly items: Stats
  readonly slabs: Stats
}

/** One family and, in the order of its samples, their values as integers scaled by the samples' decimals. */
export interface FilledFamily {
  readonly family: Family
  readonly mantissas: readonly number[]
}

type Type = 'counter' | 'gauge'
type Labels = Readonly<Record<string, string>>

const COMMANDS = ['get', 'delete', 'incr', 'decr', 'cas', 'touch'] as const

/** Name, type, help and the statistic: families of one sample. Names are those of Prometheus' memcached_exporter. */
const GENERAL: readonly (readonly [string, Type, string, string])[] = [
  ['uptime_seconds', 'counter', 'Number of seconds since the server started.', 'uptime'],
  ['time_seconds', 'gauge', 'current UNIX time according to the server.', 'time'],
  ['current_bytes', 'gauge', 'Current number of bytes used to store items.', 'bytes'],
  ['limit_bytes', 'gauge', 'Number of bytes this server is allowed to use for storage.', 'limit_maxbytes'],
  ['current_items', 'gauge', 'Current number of items stored by this instance.', 'curr_items'],
  ['items_total', 'counter', 'Total number of items stored during the life of this instance.', 'total_items'],
  ['read_bytes_total', 'counter', 'Total number of bytes read by this server from network.', 'bytes_read'],
  ['written_bytes_total', 'counter', 'Total number of bytes sent by this server to network.', 'bytes_written'],
  ['current_connections', 'gauge', 'Current number of open connections.', 'curr_connections'],
  [
    'connections_total',
    'counter',
    'Total number of connections opened since the server started running.',
    'total_connections',
  ],
  [
    'connections_rejected_total',
    'counter',
    "Total number of connections rejected due to hitting the memcached's -c limit in maxconns_fast mode.",
    'rejected_connections',
  ],
  [
    'connections_yielded_total',
    'counter',
    "Total number of connections yielded running due to hitting the memcached's -R limit.",
    'conn_yields',
  ],
  [
    'connections_listener_disabled_total',
    'counter',
    'Number of times that memcached has hit its connections limit and disabled its listener.',
    'listen_disabled_num',
  ],
  [
    'items_evicted_total',
    'counter',
    'Total number of valid items removed from cache to free memory for new items.',
    'evictions',
  ],
  [
    'items_reclaimed_total',
    'counter',
    'Total number of times an entry was stored using memory from an expired entry.',
    'reclaimed',
  ],
  [
    'item_too_large_total',
    'counter',
    'The number of times an item exceeded the max-item-size when being stored.',
    'store_too_large',
  ],
  [
    'item_no_memory_total',
    'counter',
    'The number of times an item could not be stored due to no more memory.',
    'store_no_memory',
  ],
  ['lru_crawler_starts_total', 'counter', 'Times an LRU crawler was started.', 'lru_crawler_starts'],
  [
    'direct_reclaims_total',
    'counter',
    'Times worker threads had to directly reclaim or evict items.',
    'direct_reclaims',
  ],
  ['lru_crawler_items_checked_total', 'counter', 'Total items examined by LRU Crawler.', 'crawler_items_checked'],
  ['lru_crawler_reclaimed_total', 'counter', 'Total items freed by LRU Crawler.', 'crawler_reclaimed'],
  [
    'lru_crawler_moves_to_cold_total',
    'counter',
    "Total number of items moved from HOT/WARM to COLD LRU's.",
    'moves_to_cold',
  ],
  ['lru_crawler_moves_to_warm_total', 'counter', 'Total number of items moved from COLD to WARM LRU.', 'moves_to_warm'],
  [
    'lru_crawler_moves_within_lru_total',
    'counter',
    "Total number of items reshuffled within HOT or WARM LRU's.",
    'moves_within_lru',
  ],
  ['accepting_connections', 'gauge', 'The Memcached server is currently accepting new connections.', 'accepting_conns'],
]

/** Of `stats items`, by slab. */
const ITEMS: readonly (readonly [string, Type, string, string])[] = [
  ['slab_current_items', 'gauge', 'Number of items currently stored in this slab class.', 'number'],
  ['slab_items_age_seconds', 'gauge', 'Number of seconds the oldest item has been in the slab class.', 'age'],
  [
    'slab_items_evicted_total',
    'counter',
    'Total number of times an item had to be evicted from the LRU before it expired.',
    'evicted',
  ],
  ['slab_items_reclaimed_total', 'counter', 'Total number of items reclaimed.', 'reclaimed'],
  [
    'slab_items_outofmemory_total',
    'counter',
    'Total number of items for this slab class that have triggered an out of memory error.',
    'outofmemory',
  ],
  [
    'slab_items_tailrepairs_total',
    'counter',
    'Total number of times the entries for a particular ID need repairing.',
    'tailrepairs',
  ],
  [
    'slab_mem_requested_bytes',
    'counter',
    'Number of bytes of memory actual items take up within a slab.',
    'mem_requested',
  ],
  ['slab_hot_items', 'gauge', 'Number of items presently stored in the HOT LRU.', 'number_hot'],
  ['slab_warm_items', 'gauge', 'Number of items presently stored in the WARM LRU.', 'number_warm'],
  ['slab_cold_items', 'gauge', 'Number of items presently stored in the COLD LRU.', 'number_cold'],
]

/** Of `stats slabs`, by slab. */
const SLABS: readonly (readonly [string, Type, string, string])[] = [
  ['slab_chunk_size_bytes', 'gauge', 'Number of bytes allocated to each chunk within this slab class.', 'chunk_size'],
  ['slab_chunks_per_page', 'gauge', 'Number of chunks within a single page for this slab class.', 'chunks_per_page'],
  ['slab_current_pages', 'gauge', 'Number of pages allocated to this slab class.', 'total_pages'],
  ['slab_current_chunks', 'gauge', 'Number of chunks allocated to this slab class.', 'total_chunks'],
  ['slab_chunks_used', 'gauge', 'Number of chunks allocated to an item.', 'used_chunks'],
  ['slab_chunks_free', 'gauge', 'Number of chunks not yet allocated items.', 'free_chunks'],
  ['slab_chunks_free_end', 'gauge', 'Number of free chunks at the end of the last allocated page.', 'free_chunks_end'],
]

/**
 * The metrics that stand for what a Memcached says; without answers, only that it is not up. A statistic that the server does
 * not tell has no sample, as in the real exporter; its optional collectors and what needs extstore or a proxy are left out.
 */
export function memcachedMetrics(answers: MemcachedAnswers | undefined): FilledFamily[] {
  const page = new Page()
  page.family('up', 'gauge', 'Could the memcached server be reached.', [[{}, answers === undefined ? 0 : 1]])
  if (answers === undefined) return page.families
  const { general, settings, items, slabs } = answers
  page.family('version', 'gauge', 'The version of this memcached server.', [
    [{ version: general.get('version') ?? '' }, 1],
  ])
  for (const [name, type, help, stat] of GENERAL) page.family(name, type, help, [[{}, numberOf(general, stat)]])
  page.seconds('process_user_cpu_seconds_total', 'Accumulated user time for this process.', general.get('rusage_user'))
  page.seconds(
    'process_system_cpu_seconds_total',
    'Accumulated system time for this process.',
    general.get('rusage_system'),
  )
  page.family(
    'commands_total',
    'counter',
    'Total number of all requests broken down by command (get, set, etc.) and status.',
    commands(general),
  )
  // The server tells it with its slabs.
  page.family('malloced_bytes', 'gauge', 'Number of bytes of memory allocated to slab pages.', [
    [{}, numberOf(slabs, 'total_malloced')],
  ])
  page.family('max_connections', 'gauge', 'Maximum number of clients allowed.', [[{}, numberOf(settings, 'maxconns')]])
  bySlab(page, ITEMS, items, /^items:(\d+):number$/, 'items:')
  bySlab(page, SLABS, slabs, /^(\d+):chunk_size$/, '')
  const numbers = slabNumbers(slabs, /^(\d+):chunk_size$/)
  page.family(
    'slab_commands_total',
    'counter',
    'Total number of all requests broken down by command (get, set, etc.) and status per slab.',
    numbers.flatMap(slab => slabCommands(slabs, slab)),
  )
  return page.families
}

function commands(general: Stats): [Labels, number | undefined][] {
  const out: [Labels, number | undefined][] = COMMANDS.flatMap(command => [
    [{ command, status: 'hit' }, numberOf(general, `${command}_hits`)],
    [{ command, status: 'miss' }, numberOf(general, `${command}_misses`)],
  ])
  out.push([{ command: 'cas', status: 'badval' }, numberOf(general, 'cas_badval')])
  out.push([{ command: 'flush', status: 'hit' }, numberOf(general, 'cmd_flush')])
  // Memcached counts a compare-and-set among the sets again.
  out.push([
    { command: 'set', status: 'hit' },
    minus(numberOf(general, 'cmd_set'), [
      numberOf(general, 'cas_misses'),
      numberOf(general, 'cas_hits'),
      numberOf(general, 'cas_badval'),
    ]),
  ])
  return out
}

function slabCommands(slabs: Stats, slab: string): [Labels, number | undefined][] {
  const of = (name: string): number | undefined => numberOf(slabs, `${slab}:${name}`)
  return [
    ...COMMANDS.map((command): [Labels, number | undefined] => [
      { slab, command, status: 'hit' },
      of(`${command}_hits`),
    ]),
    [{ slab, command: 'cas', status: 'badval' }, of('cas_badval')],
    [{ slab, command: 'set', status: 'hit' }, minus(of('cmd_set'), [of('cas_hits'), of('cas_badval')])],
  ]
}

function bySlab(page: Page, families: typeof ITEMS, stats: Stats, first: RegExp, prefix: string): void {
  const numbers = slabNumbers(stats, first)
  for (const [name, type, help, stat] of families) {
    page.family(
      name,
      type,
      help,
      numbers.map(slab => [{ slab }, numberOf(stats, `${prefix}${slab}:${stat}`)]),
    )
  }
}

function slabNumbers(stats: Stats, first: RegExp): string[] {
  return [...stats.keys()].flatMap(name => first.exec(name)?.[1] ?? [])
}

function numberOf(stats: Stats, name: string): number | undefined {
  const text = stats.get(name)
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text)
}

function minus(from: number | undefined, parts: readonly (number | undefined)[]): number | undefined {
  return parts.reduce((rest, part) => (rest === undefined || part === undefined ? undefined : rest - part), from)
}

/** Families that have samples. */
class Page {
  readonly families: FilledFamily[] = []

  family(name: string, type: Type, help: string, samples: readonly (readonly [Labels, number | undefined])[]): void {
    const known = samples.filter((sample): sample is readonly [Labels, number] => sample[1] !== undefined)
    if (known.length === 0) return
    this.families.push({
      family: { name: `memcached_${name}`, type, help, samples: known.map(([labels]) => ({ labels })) },
      mantissas: known.map(([, value]) => value),
    })
  }

  /** A time as the server writes it, with six digits behind the point. */
  seconds(name: string, help: string, text: string | undefined): void {
    const [, whole, micros] = /^(\d+)\.(\d{6})$/.exec(text ?? '') ?? []
    if (whole === undefined) return
    this.families.push({
      family: { name: `memcached_${name}`, type: 'counter', help, samples: [{ decimals: 6 }] },
      mantissas: [Number(whole) * 1e6 + Number(micros)],
    })
  }
}

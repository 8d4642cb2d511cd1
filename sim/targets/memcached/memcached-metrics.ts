import type { Family } from '../exposition-template.ts'
import { MEMCACHED_FAMILIES, type MemcachedFamily } from './memcached-families.ts'

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

type Labels = Readonly<Record<string, string>>

const COMMANDS = ['get', 'delete', 'incr', 'decr', 'cas', 'touch'] as const

/** Families of one sample, and the statistic that each shows. */
const GENERAL: readonly (readonly [MemcachedFamily, string])[] = [
  ['uptime_seconds', 'uptime'],
  ['time_seconds', 'time'],
  ['current_bytes', 'bytes'],
  ['limit_bytes', 'limit_maxbytes'],
  ['current_items', 'curr_items'],
  ['items_total', 'total_items'],
  ['read_bytes_total', 'bytes_read'],
  ['written_bytes_total', 'bytes_written'],
  ['current_connections', 'curr_connections'],
  ['connections_total', 'total_connections'],
  ['connections_rejected_total', 'rejected_connections'],
  ['connections_yielded_total', 'conn_yields'],
  ['connections_listener_disabled_total', 'listen_disabled_num'],
  ['items_evicted_total', 'evictions'],
  ['items_reclaimed_total', 'reclaimed'],
  ['item_too_large_total', 'store_too_large'],
  ['item_no_memory_total', 'store_no_memory'],
  ['lru_crawler_starts_total', 'lru_crawler_starts'],
  ['direct_reclaims_total', 'direct_reclaims'],
  ['lru_crawler_items_checked_total', 'crawler_items_checked'],
  ['lru_crawler_reclaimed_total', 'crawler_reclaimed'],
  ['lru_crawler_moves_to_cold_total', 'moves_to_cold'],
  ['lru_crawler_moves_to_warm_total', 'moves_to_warm'],
  ['lru_crawler_moves_within_lru_total', 'moves_within_lru'],
  ['accepting_connections', 'accepting_conns'],
]

/** Of `stats items`, by slab. */
const ITEMS: readonly (readonly [MemcachedFamily, string])[] = [
  ['slab_current_items', 'number'],
  ['slab_items_age_seconds', 'age'],
  ['slab_items_evicted_total', 'evicted'],
  ['slab_items_reclaimed_total', 'reclaimed'],
  ['slab_items_outofmemory_total', 'outofmemory'],
  ['slab_items_tailrepairs_total', 'tailrepairs'],
  ['slab_mem_requested_bytes', 'mem_requested'],
  ['slab_hot_items', 'number_hot'],
  ['slab_warm_items', 'number_warm'],
  ['slab_cold_items', 'number_cold'],
]

/** Of `stats slabs`, by slab. */
const SLABS: readonly (readonly [MemcachedFamily, string])[] = [
  ['slab_chunk_size_bytes', 'chunk_size'],
  ['slab_chunks_per_page', 'chunks_per_page'],
  ['slab_current_pages', 'total_pages'],
  ['slab_current_chunks', 'total_chunks'],
  ['slab_chunks_used', 'used_chunks'],
  ['slab_chunks_free', 'free_chunks'],
  ['slab_chunks_free_end', 'free_chunks_end'],
]

/**
 * The metrics that stand for what a Memcached says; without answers, only that it is not up. A statistic that the server does
 * not tell has no sample, as in the real exporter; its optional collectors and what needs extstore or a proxy are left out.
 */
export function memcachedMetrics(answers: MemcachedAnswers | undefined): FilledFamily[] {
  const page = new Page()
  page.family('up', [[{}, answers === undefined ? 0 : 1]])
  if (answers === undefined) return page.families
  const { general, settings, items, slabs } = answers
  page.family('version', [[{ version: general.get('version') ?? '' }, 1]])
  for (const [name, stat] of GENERAL) page.family(name, [[{}, numberOf(general, stat)]])
  page.seconds('process_user_cpu_seconds_total', general.get('rusage_user'))
  page.seconds('process_system_cpu_seconds_total', general.get('rusage_system'))
  page.family('commands_total', commands(general))
  // The server tells it with its slabs.
  page.family('malloced_bytes', [[{}, numberOf(slabs, 'total_malloced')]])
  page.family('max_connections', [[{}, numberOf(settings, 'maxconns')]])
  bySlab(page, ITEMS, items, /^items:(\d+):number$/, 'items:')
  bySlab(page, SLABS, slabs, /^(\d+):chunk_size$/, '')
  const numbers = slabNumbers(slabs, /^(\d+):chunk_size$/)
  page.family(
    'slab_commands_total',
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
  for (const [name, stat] of families) {
    page.family(
      name,
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

  family(name: MemcachedFamily, samples: readonly (readonly [Labels, number | undefined])[]): void {
    const known = samples.filter((sample): sample is readonly [Labels, number] => sample[1] !== undefined)
    if (known.length === 0) return
    this.families.push({
      family: {
        name: `memcached_${name}`,
        ...MEMCACHED_FAMILIES[name],
        samples: known.map(([labels]) => ({ labels })),
      },
      mantissas: known.map(([, value]) => value),
    })
  }

  /** A time as the server writes it, with six digits behind the point. */
  seconds(name: MemcachedFamily, text: string | undefined): void {
    const [, whole, micros] = /^(\d+)\.(\d{6})$/.exec(text ?? '') ?? []
    if (whole === undefined) return
    this.families.push({
      family: { name: `memcached_${name}`, ...MEMCACHED_FAMILIES[name], samples: [{ decimals: 6 }] },
      mantissas: [Number(whole) * 1e6 + Number(micros)],
    })
  }
}

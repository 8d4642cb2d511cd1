import { goFamilies, handlerFamilies } from './go-runtime.ts'
import { MEMCACHED_FAMILIES, type MemcachedFamily } from '../memcached/memcached-families.ts'
import type { ProfileData } from './model/data-profile.ts'
import { by, counter, type FamilyData, gauge, labelled, type SampleData } from './model/family-data.ts'
import {
  CLOCK,
  constant,
  difference,
  drawn,
  events,
  oneIn,
  ONE,
  quotient,
  SCRAPES,
  type Source,
  steady,
  sum,
  times,
  wobble,
  ZERO,
} from './model/source.ts'

/** Values of a family, and the digits behind their point. */
type ToldValues = [values: Parameters<typeof gauge>[2], decimals?: number]

/** Chunk sizes of the slab classes in use: each a quarter larger than the one before. */
const SLABS = [
  { slab: '1', chunkBytes: 96 },
  { slab: '4', chunkBytes: 192 },
  { slab: '8', chunkBytes: 480 },
  { slab: '13', chunkBytes: 1_472 },
]
const PAGE_BYTES = 1_048_576
const COMMANDS_NEVER_USED = ['cas', 'decr', 'delete', 'incr', 'touch']

/** memcached_exporter 0.14 beside a Memcached 1.6 that is a cache in front of something slower. */
export const memcached: ProfileData = {
  name: 'memcached',
  description: 'memcached_exporter beside a Memcached: commands by outcome, items, connections, slab classes.',
  families({ prng }): readonly FamilyData[] {
    const missesIn = prng.between(4, 30)
    const slabs = SLABS.map(({ slab, chunkBytes }) => {
      const gets = events(20, 400)
      const misses = oneIn(gets, missesIn)
      const items = wobble(400, 60_000)
      const perPage = Math.floor(PAGE_BYTES / chunkBytes)
      const pages = constant(Math.ceil(60_000 / perPage))
      const chunks = times(pages, perPage)
      return {
        slab,
        chunkBytes,
        perPage,
        pages,
        chunks,
        items,
        hot: oneIn(items, 5),
        warm: oneIn(items, 3),
        hits: difference(gets, misses),
        gets,
        misses,
        sets: misses,
      }
    })
    type Slab = (typeof slabs)[number]
    const total = (value: (slab: Slab) => Source): Source => sum(...slabs.map(value))
    const perSlab = (value: (slab: Slab) => Source): SampleData[] =>
      slabs.map(slab => labelled({ slab: slab.slab }, value(slab)))
    const [gets, misses, sets] = [total(each => each.gets), total(each => each.misses), total(each => each.sets)]
    const connections = wobble(4, 60)
    const served = sum(gets, sets)
    return [
      ...goFamilies({ version: 'go1.24.4', era: 'since-1.20' }),
      told('accepting_connections', ONE),
      told('commands_total', [
        ...COMMANDS_NEVER_USED.flatMap(command =>
          (command === 'cas' ? ['badval', 'hit', 'miss'] : ['hit', 'miss']).map(status =>
            labelled({ command, status }, ZERO),
          ),
        ),
        labelled({ command: 'flush', status: 'hit' }, ZERO),
        labelled({ command: 'get', status: 'hit' }, difference(gets, misses)),
        labelled({ command: 'get', status: 'miss' }, misses),
        labelled({ command: 'set', status: 'hit' }, sets),
      ]),
      told('connections_listener_disabled_total', ZERO),
      told('connections_rejected_total', ZERO),
      told('connections_total', sum(constant(60), SCRAPES, events(0.02, 0.4))),
      told('connections_yielded_total', ZERO),
      told(
        'current_bytes',
        total(({ items, chunkBytes }) => times(items, chunkBytes - 16)),
      ),
      told('current_connections', connections),
      told(
        'current_items',
        total(({ items }) => items),
      ),
      told('direct_reclaims_total', ZERO),
      gauge('memcached_exporter_build_info', BUILD_INFO, [
        labelled(
          {
            branch: 'HEAD',
            goarch: 'amd64',
            goos: 'linux',
            goversion: 'go1.24.4',
            revision: 'a3f1c5e',
            tags: 'netgo',
            version: '0.15.3',
          },
          ONE,
        ),
      ]),
      told('item_no_memory_total', ZERO),
      told('item_too_large_total', ZERO),
      told('items_evicted_total', oneIn(sets, 6)),
      told('items_reclaimed_total', oneIn(sets, 9)),
      told('items_total', sets),
      told('limit_bytes', constant(1_073_741_824)),
      told('lru_crawler_enabled', ONE),
      told('lru_crawler_items_checked_total', times(steady(12, 90), 3)),
      told('lru_crawler_starts_total', steady(0.2)),
      told('lru_crawler_hot_max_factor', constant(20), 2),
      told('lru_crawler_hot_percent', constant(20)),
      told('lru_crawler_maintainer_thread', ONE),
      told('lru_crawler_moves_to_cold_total', sets),
      told('lru_crawler_moves_to_warm_total', oneIn(gets, 44)),
      told('lru_crawler_moves_within_lru_total', oneIn(gets, 99)),
      told('lru_crawler_reclaimed_total', oneIn(sets, 30)),
      told('lru_crawler_sleep', constant(100)),
      told('lru_crawler_to_crawl', ZERO),
      told('lru_crawler_warm_max_factor', constant(200), 2),
      told('lru_crawler_warm_percent', constant(40)),
      told(
        'malloced_bytes',
        times(
          total(({ pages }) => pages),
          PAGE_BYTES,
        ),
      ),
      told('max_connections', constant(1_024)),
      told('process_system_cpu_seconds_total', times(served, 9), 6),
      told('process_user_cpu_seconds_total', times(served, 4), 6),
      told(
        'read_bytes_total',
        sum(
          times(gets, 31),
          total(each => times(each.sets, each.chunkBytes)),
        ),
      ),
      told(
        'slab_chunk_size_bytes',
        perSlab(({ chunkBytes }) => constant(chunkBytes)),
      ),
      told(
        'slab_chunks_free',
        perSlab(({ chunks, items }) => difference(chunks, items)),
      ),
      told(
        'slab_chunks_per_page',
        perSlab(({ perPage }) => constant(perPage)),
      ),
      told(
        'slab_chunks_used',
        perSlab(({ items }) => items),
      ),
      told(
        'slab_commands_total',
        slabs.flatMap(({ slab, hits, sets: stored }) => [
          labelled({ slab, command: 'get', status: 'hit' }, hits),
          labelled({ slab, command: 'set', status: 'hit' }, stored),
        ]),
      ),
      told(
        'slab_current_chunks',
        perSlab(({ chunks }) => chunks),
      ),
      told(
        'slab_current_items',
        perSlab(({ items }) => items),
      ),
      told(
        'slab_current_pages',
        perSlab(({ pages }) => pages),
      ),
      told(
        'slab_items_age_seconds',
        perSlab(() => quotient(steady(1), drawn(2, 9))),
      ),
      told(
        'slab_items_evicted_total',
        perSlab(each => oneIn(each.sets, 7)),
      ),
      // memcached_slab_mem_requested_bytes is left out: the exporter calls it a counter, and it falls.
      told(
        'slab_chunks_free_end',
        perSlab(() => ZERO),
      ),
      told(
        'slab_cold_items',
        perSlab(({ items, hot, warm }) => difference(items, sum(hot, warm))),
      ),
      told(
        'slab_hot_age_seconds',
        perSlab(() => drawn(1, 90)),
      ),
      told(
        'slab_hot_items',
        perSlab(({ hot }) => hot),
      ),
      told(
        'slab_items_crawler_reclaimed_total',
        perSlab(each => oneIn(each.sets, 30)),
      ),
      told(
        'slab_items_evicted_nonzero_total',
        perSlab(each => oneIn(each.sets, 8)),
      ),
      told(
        'slab_items_evicted_unfetched_total',
        perSlab(each => oneIn(each.sets, 21)),
      ),
      told(
        'slab_items_expired_unfetched_total',
        perSlab(each => oneIn(each.sets, 40)),
      ),
      told(
        'slab_items_moves_to_cold',
        perSlab(each => each.sets),
      ),
      told(
        'slab_items_moves_to_warm',
        perSlab(each => oneIn(each.hits, 40)),
      ),
      told(
        'slab_items_moves_within_lru',
        perSlab(each => oneIn(each.hits, 90)),
      ),
      told(
        'slab_items_outofmemory_total',
        perSlab(() => ZERO),
      ),
      told(
        'slab_items_reclaimed_total',
        perSlab(each => oneIn(each.sets, 9)),
      ),
      told(
        'slab_items_tailrepairs_total',
        perSlab(() => ZERO),
      ),
      told(
        'slab_lru_hits_total',
        slabs.flatMap(({ slab, hits }) => [
          labelled({ slab, lru: 'hot' }, oneIn(hits, 2)),
          labelled({ slab, lru: 'warm' }, difference(hits, oneIn(hits, 2))),
        ]),
      ),
      told(
        'slab_warm_age_seconds',
        perSlab(() => drawn(90, 900)),
      ),
      told(
        'slab_warm_items',
        perSlab(({ warm }) => warm),
      ),
      told('time_seconds', oneIn(CLOCK, 1000)),
      told('up', ONE),
      told('uptime_seconds', steady(1)),
      told(
        'version',
        by('version', ['1.6.38'], () => ONE),
      ),
      told(
        'written_bytes_total',
        sum(
          times(sets, 8),
          total(each => times(each.hits, each.chunkBytes + 24)),
        ),
      ),
      ...handlerFamilies(false),
    ]
  },
}

const BUILD_INFO =
  "A metric with a constant '1' value labeled by version, revision, branch, goversion from which memcached_exporter was built, and the goos and goarch for the build."

/** A family of the exporter, by its name without `memcached_`. */
function told(name: MemcachedFamily, ...values: ToldValues): FamilyData {
  const { type, help } = MEMCACHED_FAMILIES[name]
  return (type === 'counter' ? counter : gauge)(`memcached_${name}`, help, ...values)
}

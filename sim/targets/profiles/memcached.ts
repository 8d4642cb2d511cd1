import { goFamilies, handlerFamilies } from './go-runtime.ts'
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
      gauge('memcached_accepting_connections', 'The Memcached server is currently accepting new connections.', ONE),
      counter(
        'memcached_commands_total',
        'Total number of all requests broken down by command (get, set, etc.) and status.',
        [
          ...COMMANDS_NEVER_USED.flatMap(command =>
            (command === 'cas' ? ['badval', 'hit', 'miss'] : ['hit', 'miss']).map(status =>
              labelled({ command, status }, ZERO),
            ),
          ),
          labelled({ command: 'flush', status: 'hit' }, ZERO),
          labelled({ command: 'get', status: 'hit' }, difference(gets, misses)),
          labelled({ command: 'get', status: 'miss' }, misses),
          labelled({ command: 'set', status: 'hit' }, sets),
        ],
      ),
      counter(
        'memcached_connections_listener_disabled_total',
        'Number of times that memcached has hit its connections limit and disabled its listener.',
        ZERO,
      ),
      counter(
        'memcached_connections_rejected_total',
        "Total number of connections rejected due to hitting the memcached's -c limit in maxconns_fast mode.",
        ZERO,
      ),
      counter(
        'memcached_connections_total',
        'Total number of connections opened since the server started running.',
        sum(constant(60), SCRAPES, events(0.02, 0.4)),
      ),
      counter(
        'memcached_connections_yielded_total',
        "Total number of connections yielded running due to hitting the memcached's -R limit.",
        ZERO,
      ),
      gauge(
        'memcached_current_bytes',
        'Current number of bytes used to store items.',
        total(({ items, chunkBytes }) => times(items, chunkBytes - 16)),
      ),
      gauge('memcached_current_connections', 'Current number of open connections.', connections),
      gauge(
        'memcached_current_items',
        'Current number of items stored by this instance.',
        total(({ items }) => items),
      ),
      counter('memcached_direct_reclaims_total', 'Times worker threads had to directly reclaim or evict items.', ZERO),
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
      counter(
        'memcached_item_no_memory_total',
        'The number of times an item could not be stored due to no more memory.',
        ZERO,
      ),
      counter(
        'memcached_item_too_large_total',
        'The number of times an item exceeded the max-item-size when being stored.',
        ZERO,
      ),
      counter(
        'memcached_items_evicted_total',
        'Total number of valid items removed from cache to free memory for new items.',
        oneIn(sets, 6),
      ),
      counter(
        'memcached_items_reclaimed_total',
        'Total number of times an entry was stored using memory from an expired entry.',
        oneIn(sets, 9),
      ),
      counter('memcached_items_total', 'Total number of items stored during the life of this instance.', sets),
      gauge(
        'memcached_limit_bytes',
        'Number of bytes this server is allowed to use for storage.',
        constant(1_073_741_824),
      ),
      gauge('memcached_lru_crawler_enabled', 'Whether the LRU crawler is enabled.', ONE),
      counter(
        'memcached_lru_crawler_items_checked_total',
        'Total items examined by LRU Crawler.',
        times(steady(12, 90), 3),
      ),
      counter('memcached_lru_crawler_starts_total', 'Times an LRU crawler was started.', steady(0.2)),
      gauge('memcached_lru_crawler_hot_max_factor', 'Set idle age of HOT LRU to COLD age * this', constant(20), 2),
      gauge('memcached_lru_crawler_hot_percent', 'Percent of slab memory reserved for HOT LRU.', constant(20)),
      gauge('memcached_lru_crawler_maintainer_thread', 'Split LRU mode and background threads.', ONE),
      counter(
        'memcached_lru_crawler_moves_to_cold_total',
        "Total number of items moved from HOT/WARM to COLD LRU's.",
        sets,
      ),
      counter(
        'memcached_lru_crawler_moves_to_warm_total',
        'Total number of items moved from COLD to WARM LRU.',
        oneIn(gets, 44),
      ),
      counter(
        'memcached_lru_crawler_moves_within_lru_total',
        "Total number of items reshuffled within HOT or WARM LRU's.",
        oneIn(gets, 99),
      ),
      counter('memcached_lru_crawler_reclaimed_total', 'Total items freed by LRU Crawler.', oneIn(sets, 30)),
      gauge('memcached_lru_crawler_sleep', 'Microseconds to sleep between LRU crawls.', constant(100)),
      gauge('memcached_lru_crawler_to_crawl', 'Max items to crawl per slab per run.', ZERO),
      gauge('memcached_lru_crawler_warm_max_factor', 'Set idle age of WARM LRU to COLD age * this', constant(200), 2),
      gauge('memcached_lru_crawler_warm_percent', 'Percent of slab memory reserved for WARM LRU.', constant(40)),
      gauge(
        'memcached_malloced_bytes',
        'Number of bytes of memory allocated to slab pages.',
        times(
          total(({ pages }) => pages),
          PAGE_BYTES,
        ),
      ),
      gauge('memcached_max_connections', 'Maximum number of clients allowed.', constant(1_024)),
      counter(
        'memcached_process_system_cpu_seconds_total',
        'Accumulated system time for this process.',
        times(served, 9),
        6,
      ),
      counter(
        'memcached_process_user_cpu_seconds_total',
        'Accumulated user time for this process.',
        times(served, 4),
        6,
      ),
      counter(
        'memcached_read_bytes_total',
        'Total number of bytes read by this server from network.',
        sum(
          times(gets, 31),
          total(each => times(each.sets, each.chunkBytes)),
        ),
      ),
      gauge(
        'memcached_slab_chunk_size_bytes',
        'Number of bytes allocated to each chunk within this slab class.',
        perSlab(({ chunkBytes }) => constant(chunkBytes)),
      ),
      gauge(
        'memcached_slab_chunks_free',
        'Number of chunks not yet allocated items.',
        perSlab(({ chunks, items }) => difference(chunks, items)),
      ),
      gauge(
        'memcached_slab_chunks_per_page',
        'Number of chunks within a single page for this slab class.',
        perSlab(({ perPage }) => constant(perPage)),
      ),
      gauge(
        'memcached_slab_chunks_used',
        'Number of chunks allocated to an item.',
        perSlab(({ items }) => items),
      ),
      counter(
        'memcached_slab_commands_total',
        'Total number of all requests broken down by command (get, set, etc.) and status per slab.',
        slabs.flatMap(({ slab, hits, sets: stored }) => [
          labelled({ slab, command: 'get', status: 'hit' }, hits),
          labelled({ slab, command: 'set', status: 'hit' }, stored),
        ]),
      ),
      gauge(
        'memcached_slab_current_chunks',
        'Number of chunks allocated to this slab class.',
        perSlab(({ chunks }) => chunks),
      ),
      gauge(
        'memcached_slab_current_items',
        'Number of items currently stored in this slab class.',
        perSlab(({ items }) => items),
      ),
      gauge(
        'memcached_slab_current_pages',
        'Number of pages allocated to this slab class.',
        perSlab(({ pages }) => pages),
      ),
      gauge(
        'memcached_slab_items_age_seconds',
        'Number of seconds the oldest item has been in the slab class.',
        perSlab(() => quotient(steady(1), drawn(2, 9))),
      ),
      counter(
        'memcached_slab_items_evicted_total',
        'Total number of times an item had to be evicted from the LRU before it expired.',
        perSlab(each => oneIn(each.sets, 7)),
      ),
      // memcached_slab_mem_requested_bytes is left out: the exporter calls it a counter, and it falls.
      gauge(
        'memcached_slab_chunks_free_end',
        'Number of free chunks at the end of the last allocated page.',
        perSlab(() => ZERO),
      ),
      gauge(
        'memcached_slab_cold_items',
        'Number of items presently stored in the COLD LRU.',
        perSlab(({ items, hot, warm }) => difference(items, sum(hot, warm))),
      ),
      gauge(
        'memcached_slab_hot_age_seconds',
        'Age of the oldest item in HOT LRU.',
        perSlab(() => drawn(1, 90)),
      ),
      gauge(
        'memcached_slab_hot_items',
        'Number of items presently stored in the HOT LRU.',
        perSlab(({ hot }) => hot),
      ),
      counter(
        'memcached_slab_items_crawler_reclaimed_total',
        'Number of items freed by the LRU Crawler.',
        perSlab(each => oneIn(each.sets, 30)),
      ),
      counter(
        'memcached_slab_items_evicted_nonzero_total',
        'Total number of times an item which had an explicit expire time set had to be evicted from the LRU before it expired.',
        perSlab(each => oneIn(each.sets, 8)),
      ),
      counter(
        'memcached_slab_items_evicted_unfetched_total',
        'Total nmber of items evicted and never fetched.',
        perSlab(each => oneIn(each.sets, 21)),
      ),
      counter(
        'memcached_slab_items_expired_unfetched_total',
        'Total number of valid items evicted from the LRU which were never touched after being set.',
        perSlab(each => oneIn(each.sets, 40)),
      ),
      counter(
        'memcached_slab_items_moves_to_cold',
        'Number of items moved from HOT or WARM into COLD.',
        perSlab(each => each.sets),
      ),
      counter(
        'memcached_slab_items_moves_to_warm',
        'Number of items moves from COLD into WARM.',
        perSlab(each => oneIn(each.hits, 40)),
      ),
      counter(
        'memcached_slab_items_moves_within_lru',
        'Number of times active items were bumped within HOT or WARM.',
        perSlab(each => oneIn(each.hits, 90)),
      ),
      counter(
        'memcached_slab_items_outofmemory_total',
        'Total number of items for this slab class that have triggered an out of memory error.',
        perSlab(() => ZERO),
      ),
      counter(
        'memcached_slab_items_reclaimed_total',
        'Total number of items reclaimed.',
        perSlab(each => oneIn(each.sets, 9)),
      ),
      counter(
        'memcached_slab_items_tailrepairs_total',
        'Total number of times the entries for a particular ID need repairing.',
        perSlab(() => ZERO),
      ),
      counter(
        'memcached_slab_lru_hits_total',
        'Number of get_hits to the LRU.',
        slabs.flatMap(({ slab, hits }) => [
          labelled({ slab, lru: 'hot' }, oneIn(hits, 2)),
          labelled({ slab, lru: 'warm' }, difference(hits, oneIn(hits, 2))),
        ]),
      ),
      gauge(
        'memcached_slab_warm_age_seconds',
        'Age of the oldest item in HOT LRU.',
        perSlab(() => drawn(90, 900)),
      ),
      gauge(
        'memcached_slab_warm_items',
        'Number of items presently stored in the WARM LRU.',
        perSlab(({ warm }) => warm),
      ),
      gauge('memcached_time_seconds', 'current UNIX time according to the server.', oneIn(CLOCK, 1000)),
      gauge('memcached_up', 'Could the memcached server be reached.', ONE),
      counter('memcached_uptime_seconds', 'Number of seconds since the server started.', steady(1)),
      gauge(
        'memcached_version',
        'The version of this memcached server.',
        by('version', ['1.6.38'], () => ONE),
      ),
      counter(
        'memcached_written_bytes_total',
        'Total number of bytes sent by this server to network.',
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

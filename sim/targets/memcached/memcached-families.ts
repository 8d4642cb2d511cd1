/**
 * What Prometheus' memcached_exporter tells of a Memcached: type and HELP of each family, by its name without `memcached_`. For
 * the exporter that asks a real one as well as for the profile that plays both.
 */
export const MEMCACHED_FAMILIES = {
  accepting_connections: { type: 'gauge', help: 'The Memcached server is currently accepting new connections.' },
  commands_total: {
    type: 'counter',
    help: 'Total number of all requests broken down by command (get, set, etc.) and status.',
  },
  connections_listener_disabled_total: {
    type: 'counter',
    help: 'Number of times that memcached has hit its connections limit and disabled its listener.',
  },
  connections_rejected_total: {
    type: 'counter',
    help: "Total number of connections rejected due to hitting the memcached's -c limit in maxconns_fast mode.",
  },
  connections_total: { type: 'counter', help: 'Total number of connections opened since the server started running.' },
  connections_yielded_total: {
    type: 'counter',
    help: "Total number of connections yielded running due to hitting the memcached's -R limit.",
  },
  current_bytes: { type: 'gauge', help: 'Current number of bytes used to store items.' },
  current_connections: { type: 'gauge', help: 'Current number of open connections.' },
  current_items: { type: 'gauge', help: 'Current number of items stored by this instance.' },
  direct_reclaims_total: { type: 'counter', help: 'Times worker threads had to directly reclaim or evict items.' },
  item_no_memory_total: {
    type: 'counter',
    help: 'The number of times an item could not be stored due to no more memory.',
  },
  item_too_large_total: {
    type: 'counter',
    help: 'The number of times an item exceeded the max-item-size when being stored.',
  },
  items_evicted_total: {
    type: 'counter',
    help: 'Total number of valid items removed from cache to free memory for new items.',
  },
  items_reclaimed_total: {
    type: 'counter',
    help: 'Total number of times an entry was stored using memory from an expired entry.',
  },
  items_total: { type: 'counter', help: 'Total number of items stored during the life of this instance.' },
  limit_bytes: { type: 'gauge', help: 'Number of bytes this server is allowed to use for storage.' },
  lru_crawler_enabled: { type: 'gauge', help: 'Whether the LRU crawler is enabled.' },
  lru_crawler_items_checked_total: { type: 'counter', help: 'Total items examined by LRU Crawler.' },
  lru_crawler_starts_total: { type: 'counter', help: 'Times an LRU crawler was started.' },
  lru_crawler_hot_max_factor: { type: 'gauge', help: 'Set idle age of HOT LRU to COLD age * this' },
  lru_crawler_hot_percent: { type: 'gauge', help: 'Percent of slab memory reserved for HOT LRU.' },
  lru_crawler_maintainer_thread: { type: 'gauge', help: 'Split LRU mode and background threads.' },
  lru_crawler_moves_to_cold_total: {
    type: 'counter',
    help: "Total number of items moved from HOT/WARM to COLD LRU's.",
  },
  lru_crawler_moves_to_warm_total: { type: 'counter', help: 'Total number of items moved from COLD to WARM LRU.' },
  lru_crawler_moves_within_lru_total: {
    type: 'counter',
    help: "Total number of items reshuffled within HOT or WARM LRU's.",
  },
  lru_crawler_reclaimed_total: { type: 'counter', help: 'Total items freed by LRU Crawler.' },
  lru_crawler_sleep: { type: 'gauge', help: 'Microseconds to sleep between LRU crawls.' },
  lru_crawler_to_crawl: { type: 'gauge', help: 'Max items to crawl per slab per run.' },
  lru_crawler_warm_max_factor: { type: 'gauge', help: 'Set idle age of WARM LRU to COLD age * this' },
  lru_crawler_warm_percent: { type: 'gauge', help: 'Percent of slab memory reserved for WARM LRU.' },
  malloced_bytes: { type: 'gauge', help: 'Number of bytes of memory allocated to slab pages.' },
  max_connections: { type: 'gauge', help: 'Maximum number of clients allowed.' },
  process_system_cpu_seconds_total: { type: 'counter', help: 'Accumulated system time for this process.' },
  process_user_cpu_seconds_total: { type: 'counter', help: 'Accumulated user time for this process.' },
  read_bytes_total: { type: 'counter', help: 'Total number of bytes read by this server from network.' },
  slab_chunk_size_bytes: { type: 'gauge', help: 'Number of bytes allocated to each chunk within this slab class.' },
  slab_chunks_free: { type: 'gauge', help: 'Number of chunks not yet allocated items.' },
  slab_chunks_per_page: { type: 'gauge', help: 'Number of chunks within a single page for this slab class.' },
  slab_chunks_used: { type: 'gauge', help: 'Number of chunks allocated to an item.' },
  slab_commands_total: {
    type: 'counter',
    help: 'Total number of all requests broken down by command (get, set, etc.) and status per slab.',
  },
  slab_current_chunks: { type: 'gauge', help: 'Number of chunks allocated to this slab class.' },
  slab_current_items: { type: 'gauge', help: 'Number of items currently stored in this slab class.' },
  slab_current_pages: { type: 'gauge', help: 'Number of pages allocated to this slab class.' },
  slab_items_age_seconds: { type: 'gauge', help: 'Number of seconds the oldest item has been in the slab class.' },
  slab_items_evicted_total: {
    type: 'counter',
    help: 'Total number of times an item had to be evicted from the LRU before it expired.',
  },
  slab_chunks_free_end: { type: 'gauge', help: 'Number of free chunks at the end of the last allocated page.' },
  slab_cold_items: { type: 'gauge', help: 'Number of items presently stored in the COLD LRU.' },
  slab_hot_age_seconds: { type: 'gauge', help: 'Age of the oldest item in HOT LRU.' },
  slab_hot_items: { type: 'gauge', help: 'Number of items presently stored in the HOT LRU.' },
  slab_items_crawler_reclaimed_total: { type: 'counter', help: 'Number of items freed by the LRU Crawler.' },
  slab_items_evicted_nonzero_total: {
    type: 'counter',
    help: 'Total number of times an item which had an explicit expire time set had to be evicted from the LRU before it expired.',
  },
  slab_items_evicted_unfetched_total: { type: 'counter', help: 'Total nmber of items evicted and never fetched.' },
  slab_items_expired_unfetched_total: {
    type: 'counter',
    help: 'Total number of valid items evicted from the LRU which were never touched after being set.',
  },
  slab_items_moves_to_cold: { type: 'counter', help: 'Number of items moved from HOT or WARM into COLD.' },
  slab_items_moves_to_warm: { type: 'counter', help: 'Number of items moves from COLD into WARM.' },
  slab_items_moves_within_lru: {
    type: 'counter',
    help: 'Number of times active items were bumped within HOT or WARM.',
  },
  slab_items_outofmemory_total: {
    type: 'counter',
    help: 'Total number of items for this slab class that have triggered an out of memory error.',
  },
  slab_items_reclaimed_total: { type: 'counter', help: 'Total number of items reclaimed.' },
  slab_items_tailrepairs_total: {
    type: 'counter',
    help: 'Total number of times the entries for a particular ID need repairing.',
  },
  slab_lru_hits_total: { type: 'counter', help: 'Number of get_hits to the LRU.' },
  slab_warm_age_seconds: { type: 'gauge', help: 'Age of the oldest item in HOT LRU.' },
  slab_warm_items: { type: 'gauge', help: 'Number of items presently stored in the WARM LRU.' },
  time_seconds: { type: 'gauge', help: 'current UNIX time according to the server.' },
  up: { type: 'gauge', help: 'Could the memcached server be reached.' },
  uptime_seconds: { type: 'counter', help: 'Number of seconds since the server started.' },
  version: { type: 'gauge', help: 'The version of this memcached server.' },
  written_bytes_total: { type: 'counter', help: 'Total number of bytes sent by this server to network.' },
  slab_mem_requested_bytes: { type: 'counter', help: 'Number of bytes of memory actual items take up within a slab.' },
} as const

export type MemcachedFamily = keyof typeof MEMCACHED_FAMILIES

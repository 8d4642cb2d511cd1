import { by, counter, type FamilyData, gauge, labelled, summary } from './model/family-data.ts'
import { goFamilies } from './go-runtime.ts'
import type { ProfileData } from './model/data-profile.ts'
import {
  constant,
  difference,
  drawn,
  events,
  least,
  noise,
  oneIn,
  ONE,
  product,
  quotient,
  remainder,
  SCRAPES,
  type Source,
  STARTED,
  steady,
  sum,
  times,
  wobble,
  ZERO,
} from './model/source.ts'

const DATABASES = Array.from({ length: 16 }, (_, i) => `db${i}`).toSorted()

/** How Redis says that something has not happened yet. */
const NEVER = constant(-1)

interface Command {
  readonly cmd: string
  readonly calls: Source
  /** Microseconds that they took in all. */
  readonly usec: Source
  /** Nanoseconds that half of them stay below. */
  readonly usual: Source
}

/** Redis 7.0 as redis_exporter 1.45 sees it: a cache with one database in use, and no persistence but snapshots. */
export const redis: ProfileData = {
  name: 'redis',
  description: 'redis_exporter beside a Redis that is used as a cache: commands, keyspace, memory, clients.',
  families({ prng, faker }): readonly FamilyData[] {
    const gets = events(40, 900)
    const sets = events(8, 150)
    const misses = oneIn(gets, prng.between(4, 40))
    const command = (cmd: string, calls: Source, usecLow: number, usecHigh: number): Command => {
      const mean = drawn(usecLow, usecHigh)
      return { cmd, calls, usec: product(calls, mean), usual: times(mean, 905) }
    }
    const commands: readonly Command[] = [
      command('client|setname', SCRAPES, 3, 5),
      command('config|get', SCRAPES, 180, 240),
      command('del', events(0.5, 6), 2, 4),
      command('expire', sets, 2, 4),
      command('get', gets, 2, 6),
      command('hgetall', events(2, 40), 6, 20),
      command('info', SCRAPES, 140, 240),
      command('latency|latest', SCRAPES, 2, 3),
      command('ping', steady(0.2), 1, 2),
      command('set', sets, 4, 9),
      command('slowlog|get', SCRAPES, 2, 4),
      command('slowlog|len', SCRAPES, 1, 2),
    ]
    const served = sum(...commands.map(({ calls }) => calls))
    const clientsMax = constant(24)
    const clients = wobble(3, 24)
    const keys = wobble(12_000, 240_000)
    const startup = constant(876_056)
    const overhead = sum(startup, times(clients, 1_928), times(keys, 72))
    const dataset = times(keys, 148)
    const used = sum(overhead, dataset)
    const peak = sum(startup, constant(24 * 1_928 + 240_000 * (72 + 148)), drawn(0, 4_000_000))
    const allocated = sum(used, constant(970_752))
    const active = sum(allocated, drawn(180_000, 900_000))
    const allocatorResident = sum(active, times(drawn(500, 1_200), 4096))
    const rss = sum(used, times(drawn(1_200, 3_000), 4096))
    const maxMemory = times(constant(prng.between(1, 8)), 2 ** 30)
    const userCpu = times(served, 11)
    const sysCpu = times(served, 14)
    const childCpu = times(oneIn(sets, 10_000), 3_299)
    const slow = events(0.001, 0.01)
    return [
      ...goFamilies({ version: 'go1.19.8', era: 'before-1.20' }),
      gauge('redis_active_defrag_running', 'active_defrag_running metric', ZERO),
      gauge('redis_allocator_active_bytes', 'allocator_active_bytes metric', active),
      gauge('redis_allocator_allocated_bytes', 'allocator_allocated_bytes metric', allocated),
      gauge('redis_allocator_frag_bytes', 'allocator_frag_bytes metric', difference(active, allocated)),
      gauge('redis_allocator_frag_ratio', 'allocator_frag_ratio metric', quotient(active, allocated, 100), 2),
      gauge('redis_allocator_resident_bytes', 'allocator_resident_bytes metric', allocatorResident),
      gauge('redis_allocator_rss_bytes', 'allocator_rss_bytes metric', difference(allocatorResident, active)),
      gauge('redis_allocator_rss_ratio', 'allocator_rss_ratio metric', quotient(allocatorResident, active, 100), 2),
      gauge('redis_aof_current_rewrite_duration_sec', 'aof_current_rewrite_duration_sec metric', NEVER),
      gauge('redis_aof_enabled', 'aof_enabled metric', ZERO),
      gauge('redis_aof_last_bgrewrite_status', 'aof_last_bgrewrite_status metric', ONE),
      gauge('redis_aof_last_cow_size_bytes', 'aof_last_cow_size_bytes metric', ZERO),
      gauge('redis_aof_last_rewrite_duration_sec', 'aof_last_rewrite_duration_sec metric', NEVER),
      gauge('redis_aof_last_write_status', 'aof_last_write_status metric', ONE),
      gauge('redis_aof_rewrite_in_progress', 'aof_rewrite_in_progress metric', ZERO),
      gauge('redis_aof_rewrite_scheduled', 'aof_rewrite_scheduled metric', ZERO),
      gauge('redis_blocked_clients', 'blocked_clients metric', noise(0, 2)),
      gauge(
        'redis_client_recent_max_input_buffer_bytes',
        'client_recent_max_input_buffer_bytes metric',
        constant(20_480),
      ),
      gauge('redis_client_recent_max_output_buffer_bytes', 'client_recent_max_output_buffer_bytes metric', ZERO),
      gauge('redis_clients_in_timeout_table', 'clients_in_timeout_table metric', ZERO),
      gauge('redis_cluster_connections', 'cluster_connections metric', ZERO),
      gauge('redis_cluster_enabled', 'cluster_enabled metric', ZERO),
      counter(
        'redis_commands_duration_seconds_total',
        'Total amount of time in seconds spent per command',
        commands.map(({ cmd, usec }) => labelled({ cmd }, usec)),
        6,
      ),
      counter(
        'redis_commands_failed_calls_total',
        'Total number of errors prior command execution per command',
        commands.map(({ cmd }) => labelled({ cmd }, ZERO)),
      ),
      counter(
        'redis_commands_processed_total',
        'commands_processed_total metric',
        sum(...commands.map(({ calls }) => calls)),
      ),
      counter(
        'redis_commands_rejected_calls_total',
        'Total number of errors within command execution per command',
        commands.map(({ cmd }) => labelled({ cmd }, ZERO)),
      ),
      counter(
        'redis_commands_total',
        'Total number of calls per command',
        commands.map(({ cmd, calls }) => labelled({ cmd }, calls)),
      ),
      gauge('redis_config_io_threads', 'config_io_threads metric', ONE),
      gauge('redis_config_maxclients', 'config_maxclients metric', constant(10_000)),
      gauge('redis_config_maxmemory', 'config_maxmemory metric', maxMemory),
      gauge('redis_connected_clients', 'connected_clients metric', clients),
      gauge('redis_connected_slaves', 'connected_slaves metric', ZERO),
      counter(
        'redis_connections_received_total',
        'connections_received_total metric',
        sum(events(0.05, 0.8), clientsMax),
      ),
      counter('redis_cpu_sys_children_seconds_total', 'cpu_sys_children_seconds_total metric', childCpu, 6),
      counter('redis_cpu_sys_main_thread_seconds_total', 'cpu_sys_main_thread_seconds_total metric', sysCpu, 6),
      counter('redis_cpu_sys_seconds_total', 'cpu_sys_seconds_total metric', sum(sysCpu, oneIn(sysCpu, 50)), 6),
      counter('redis_cpu_user_children_seconds_total', 'cpu_user_children_seconds_total metric', times(childCpu, 3), 6),
      counter('redis_cpu_user_main_thread_seconds_total', 'cpu_user_main_thread_seconds_total metric', userCpu, 6),
      counter('redis_cpu_user_seconds_total', 'cpu_user_seconds_total metric', sum(userCpu, oneIn(userCpu, 50)), 6),
      gauge(
        'redis_db_avg_ttl_seconds',
        'Avg TTL in seconds',
        by('db', ['db0'], () => wobble(90_000, 3_600_000)),
        3,
      ),
      gauge(
        'redis_db_keys',
        'Total number of keys by DB',
        by('db', DATABASES, db => (db === 'db0' ? keys : ZERO)),
      ),
      gauge(
        'redis_db_keys_expiring',
        'Total number of expiring keys by DB',
        by('db', DATABASES, db => (db === 'db0' ? quotient(keys, constant(3), 2) : ZERO)),
      ),
      gauge('redis_defrag_hits', 'defrag_hits metric', ZERO),
      gauge('redis_defrag_key_hits', 'defrag_key_hits metric', ZERO),
      gauge('redis_defrag_key_misses', 'defrag_key_misses metric', ZERO),
      gauge('redis_defrag_misses', 'defrag_misses metric', ZERO),
      counter('redis_dump_payload_sanitizations', 'dump_payload_sanitizations metric', ZERO),
      counter('redis_evicted_keys_total', 'evicted_keys_total metric', ZERO),
      counter('redis_expired_keys_total', 'expired_keys_total metric', oneIn(sets, 3)),
      gauge('redis_expired_stale_percentage', 'expired_stale_percentage metric', ZERO),
      gauge('redis_expired_time_cap_reached_total', 'expired_time_cap_reached_total metric', ZERO),
      gauge('redis_exporter_build_info', 'redis exporter build_info', [
        labelled(
          {
            build_date: '20230409-10:15:07',
            commit_sha: 'debian/sid',
            golang_version: 'go1.19.8',
            version: '1.45.0-2+b4',
          },
          ONE,
        ),
      ]),
      gauge(
        'redis_exporter_last_scrape_connect_time_seconds',
        'exporter_last_scrape_connect_time_seconds metric',
        noise(180_000, 900_000),
        9,
      ),
      gauge(
        'redis_exporter_last_scrape_duration_seconds',
        'exporter_last_scrape_duration_seconds metric',
        noise(1_800_000, 6_000_000),
        9,
      ),
      gauge('redis_exporter_last_scrape_error', 'The last scrape error status.', [labelled({ err: '' }, ZERO)]),
      summary(
        'redis_exporter_scrape_duration_seconds',
        'Durations of scrapes by the exporter',
        [{ count: SCRAPES, sum: times(SCRAPES, 3_412_883) }],
        9,
      ),
      counter('redis_exporter_scrapes_total', 'Current total redis scrapes.', SCRAPES),
      gauge('redis_instance_info', 'Information about the Redis instance', [
        labelled(
          {
            maxmemory_policy: prng.pick(['noeviction', 'allkeys-lru', 'volatile-lru']),
            os: 'Linux 6.1.0-31-amd64 x86_64',
            process_id: '1',
            redis_build_id: faker.string.hexadecimal({ length: 16, prefix: '', casing: 'lower' }),
            redis_mode: 'standalone',
            redis_version: '7.0.15',
            role: 'master',
            run_id: '$run',
            tcp_port: '6379',
          },
          ONE,
        ),
      ]),
      counter('redis_io_threaded_reads_processed', 'io_threaded_reads_processed metric', ZERO),
      counter('redis_io_threaded_writes_processed', 'io_threaded_writes_processed metric', ZERO),
      gauge('redis_io_threads_active', 'io_threads_active metric', ZERO),
      counter('redis_keyspace_hits_total', 'keyspace_hits_total metric', difference(gets, misses)),
      counter('redis_keyspace_misses_total', 'keyspace_misses_total metric', misses),
      gauge(
        'redis_last_key_groups_scrape_duration_milliseconds',
        'Duration of the last key group metrics scrape in milliseconds',
        ZERO,
      ),
      gauge(
        'redis_last_slow_execution_duration_seconds',
        'The amount of time needed for last slow execution, in seconds',
        drawn(10_000, 90_000),
        6,
      ),
      summary(
        'redis_latency_percentiles_usec',
        'A summary of latency percentile distribution per command',
        commands.map(({ cmd, calls, usec, usual }) => ({
          labels: { cmd },
          count: calls,
          sum: times(usec, 1000),
          quantiles: [
            ['50', usual],
            ['99', times(usual, 3)],
            ['99.9', times(usual, 9)],
          ],
        })),
        3,
      ),
      gauge('redis_latest_fork_seconds', 'latest_fork_seconds metric', drawn(300, 4_000), 6),
      gauge('redis_lazyfree_pending_objects', 'lazyfree_pending_objects metric', ZERO),
      gauge('redis_loading_dump_file', 'loading_dump_file metric', ZERO),
      gauge('redis_master_repl_offset', 'master_repl_offset metric', ZERO),
      gauge('redis_mem_clients_normal', 'mem_clients_normal metric', times(clients, 1_928)),
      gauge('redis_mem_clients_slaves', 'mem_clients_slaves metric', ZERO),
      gauge('redis_mem_fragmentation_bytes', 'mem_fragmentation_bytes metric', difference(rss, used)),
      gauge('redis_mem_fragmentation_ratio', 'mem_fragmentation_ratio metric', quotient(rss, used, 100), 2),
      gauge('redis_mem_not_counted_for_eviction_bytes', 'mem_not_counted_for_eviction_bytes metric', ZERO),
      gauge('redis_memory_max_bytes', 'memory_max_bytes metric', maxMemory),
      gauge('redis_memory_used_bytes', 'memory_used_bytes metric', used),
      gauge('redis_memory_used_dataset_bytes', 'memory_used_dataset_bytes metric', dataset),
      gauge('redis_memory_used_lua_bytes', 'memory_used_lua_bytes metric', constant(31_744)),
      gauge('redis_memory_used_overhead_bytes', 'memory_used_overhead_bytes metric', overhead),
      gauge('redis_memory_used_peak_bytes', 'memory_used_peak_bytes metric', peak),
      gauge('redis_memory_used_rss_bytes', 'memory_used_rss_bytes metric', rss),
      gauge('redis_memory_used_scripts_bytes', 'memory_used_scripts_bytes metric', constant(184)),
      gauge('redis_memory_used_startup_bytes', 'memory_used_startup_bytes metric', startup),
      gauge('redis_migrate_cached_sockets_total', 'migrate_cached_sockets_total metric', ZERO),
      gauge('redis_module_fork_in_progress', 'module_fork_in_progress metric', ZERO),
      gauge('redis_module_fork_last_cow_size', 'module_fork_last_cow_size metric', ZERO),
      counter(
        'redis_net_input_bytes_total',
        'net_input_bytes_total metric',
        sum(times(served, 58), times(SCRAPES, 214)),
      ),
      counter(
        'redis_net_output_bytes_total',
        'net_output_bytes_total metric',
        sum(times(served, 391), times(SCRAPES, 10_693)),
      ),
      gauge('redis_number_of_cached_scripts', 'number_of_cached_scripts metric', ZERO),
      gauge('redis_process_id', 'process_id metric', ONE),
      gauge('redis_pubsub_channels', 'pubsub_channels metric', ZERO),
      gauge('redis_pubsub_patterns', 'pubsub_patterns metric', ZERO),
      gauge('redis_rdb_bgsave_in_progress', 'rdb_bgsave_in_progress metric', ZERO),
      gauge('redis_rdb_changes_since_last_save', 'rdb_changes_since_last_save metric', remainder(sets, 10_000)),
      gauge('redis_rdb_current_bgsave_duration_sec', 'rdb_current_bgsave_duration_sec metric', NEVER),
      gauge('redis_rdb_last_bgsave_duration_sec', 'rdb_last_bgsave_duration_sec metric', drawn(0, 2)),
      gauge('redis_rdb_last_bgsave_status', 'rdb_last_bgsave_status metric', ONE),
      gauge('redis_rdb_last_cow_size_bytes', 'rdb_last_cow_size_bytes metric', times(drawn(100, 400), 4096)),
      gauge('redis_rdb_last_save_timestamp_seconds', 'rdb_last_save_timestamp_seconds metric', oneIn(STARTED, 1000)),
      counter('redis_rejected_connections_total', 'rejected_connections_total metric', ZERO),
      gauge('redis_repl_backlog_first_byte_offset', 'repl_backlog_first_byte_offset metric', ZERO),
      gauge('redis_repl_backlog_history_bytes', 'repl_backlog_history_bytes metric', ZERO),
      gauge('redis_repl_backlog_is_active', 'repl_backlog_is_active metric', ZERO),
      gauge('redis_replica_partial_resync_accepted', 'replica_partial_resync_accepted metric', ZERO),
      gauge('redis_replica_partial_resync_denied', 'replica_partial_resync_denied metric', ZERO),
      gauge('redis_replica_resyncs_full', 'replica_resyncs_full metric', ZERO),
      gauge('redis_replication_backlog_bytes', 'replication_backlog_bytes metric', constant(1_048_576)),
      gauge('redis_second_repl_offset', 'second_repl_offset metric', NEVER),
      gauge('redis_slave_expires_tracked_keys', 'slave_expires_tracked_keys metric', ZERO),
      gauge('redis_slowlog_last_id', 'Last id of slowlog', slow),
      gauge('redis_slowlog_length', 'Total slowlog', least(slow, constant(128))),
      gauge(
        'redis_start_time_seconds',
        'Start time of the Redis instance since unix epoch in seconds.',
        oneIn(STARTED, 1000),
      ),
      counter('redis_target_scrape_request_errors_total', 'Errors in requests to the exporter', ZERO),
      counter('redis_total_error_replies', 'total_error_replies metric', ZERO),
      counter('redis_total_reads_processed', 'total_reads_processed metric', sum(served, clientsMax)),
      counter('redis_total_writes_processed', 'total_writes_processed metric', served),
      gauge('redis_tracking_clients', 'tracking_clients metric', ZERO),
      gauge('redis_tracking_total_items', 'tracking_total_items metric', ZERO),
      gauge('redis_tracking_total_keys', 'tracking_total_keys metric', ZERO),
      gauge('redis_tracking_total_prefixes', 'tracking_total_prefixes metric', ZERO),
      counter('redis_unexpected_error_replies', 'unexpected_error_replies metric', ZERO),
      gauge('redis_up', 'Information about the Redis instance', ONE),
      gauge('redis_uptime_in_seconds', 'uptime_in_seconds metric', steady(1)),
    ]
  },
}

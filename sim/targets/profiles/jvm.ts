import type { ProfileData } from './model/data-profile.ts'
import { by, counter, type FamilyData, gauge, labelled, summary } from './model/family-data.ts'
import {
  constant,
  difference,
  drawn,
  events,
  level,
  noise,
  oneIn,
  ONE,
  product,
  remainder,
  type Source,
  STARTED,
  steady,
  sum,
  times,
  wobble,
  ZERO,
} from './model/source.ts'

const MEBI = 1_048_576
const EDEN_BYTES = 96 * MEBI
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT']
const STATES = ['blocked', 'new', 'runnable', 'terminated', 'timed-waiting', 'waiting']

interface Pool {
  readonly area: 'heap' | 'nonheap'
  readonly id: string
  readonly used: Source
  readonly committed: Source
  /** -1: no limit. */
  readonly max: Source
}

/** A Spring Boot service with Micrometer's default binders: names and HELP texts are Micrometer's. */
export const jvm: ProfileData = {
  name: 'jvm',
  description: 'Spring Boot with Micrometer: heap and pools, collections, threads, Tomcat, HikariCP, HTTP by URI.',
  families({ app, prng, faker }): readonly FamilyData[] {
    const routes = Array.from({ length: 5 }, (_, i) => ({
      uri: `/api/${faker.word.noun().toLowerCase()}${i % 2 === 0 ? '' : '/{id}'}`,
      method: prng.pick(METHODS),
      requests: events(0.5, 30 / (i + 1)),
      meanUs: drawn(2_000, 90_000),
    }))
    const failed = oneIn(routes[0]!.requests, prng.between(60, 400))
    const requests = sum(...routes.map(route => route.requests), failed)
    const allocated = times(requests, 260_000)
    const collections = oneIn(allocated, EDEN_BYTES)
    const eden = remainder(allocated, EDEN_BYTES)
    const old = times(wobble(60, 180), MEBI)
    const pools: readonly Pool[] = [
      { area: 'heap', id: 'G1 Eden Space', used: eden, committed: constant(EDEN_BYTES), max: constant(-1) },
      { area: 'heap', id: 'G1 Old Gen', used: old, committed: constant(224 * MEBI), max: constant(512 * MEBI) },
      {
        area: 'heap',
        id: 'G1 Survivor Space',
        used: drawn(2 * MEBI, 7 * MEBI),
        committed: constant(8 * MEBI),
        max: constant(-1),
      },
      {
        area: 'nonheap',
        id: 'CodeCache',
        used: drawn(20 * MEBI, 40 * MEBI),
        committed: constant(48 * MEBI),
        max: constant(48 * MEBI),
      },
      {
        area: 'nonheap',
        id: 'Compressed Class Space',
        used: drawn(8 * MEBI, 11 * MEBI),
        committed: constant(12 * MEBI),
        max: constant(1024 * MEBI),
      },
      {
        area: 'nonheap',
        id: 'Metaspace',
        used: drawn(60 * MEBI, 90 * MEBI),
        committed: constant(96 * MEBI),
        max: constant(-1),
      },
    ]
    const perPool = (value: (pool: Pool) => Source) =>
      pools.map(pool => labelled({ area: pool.area, id: pool.id }, value(pool)))
    const runnable = sum(constant(7), noise(0, 5))
    const waiting = constant(14)
    const timed = wobble(9, 40)
    const threads = sum(runnable, waiting, timed)
    const busy = noise(0, 6)
    const hikariActive = noise(0, 5)
    const cpuNs = sum(times(requests, 3_100_000), times(steady(10), 1_700_000))
    const buffers = [
      { id: 'direct', count: drawn(8, 30) },
      { id: 'mapped', count: ZERO },
      { id: "mapped - 'non-volatile memory'", count: ZERO },
    ]
    const pool = { pool: 'HikariPool-1' }
    return [
      gauge('application_ready_time_seconds', 'Time taken for the application to be ready to service requests', [
        labelled(
          { main_application_class: `com.example.${app.replaceAll(/[^a-z0-9]/g, '')}.Application` },
          drawn(2_400, 9_800),
          3,
        ),
      ]),
      gauge('hikaricp_connections', 'Total connections', [labelled(pool, constant(10))]),
      gauge('hikaricp_connections_active', 'Active connections', [labelled(pool, hikariActive)]),
      gauge('hikaricp_connections_idle', 'Idle connections', [labelled(pool, difference(constant(10), hikariActive))]),
      gauge('hikaricp_connections_max', 'Max connections', [labelled(pool, constant(10))]),
      gauge('hikaricp_connections_min', 'Min connections', [labelled(pool, constant(10))]),
      gauge('hikaricp_connections_pending', 'Pending threads', [labelled(pool, ZERO)]),
      counter('hikaricp_connections_timeout_total', 'Connection timeout total count', [labelled(pool, ZERO)]),
      summary(
        'http_server_requests_seconds',
        '',
        [
          ...routes.map(({ uri, method, requests: count, meanUs }) => ({
            labels: { error: 'none', exception: 'none', method, outcome: 'SUCCESS', status: '200', uri },
            count,
            sum: product(count, meanUs),
          })),
          {
            labels: {
              error: 'IllegalStateException',
              exception: 'IllegalStateException',
              method: routes[0]!.method,
              outcome: 'SERVER_ERROR',
              status: '500',
              uri: routes[0]!.uri,
            },
            count: failed,
            sum: times(failed, 143_208),
          },
        ],
        6,
      ),
      gauge(
        'http_server_requests_seconds_max',
        '',
        routes.map(({ uri, method, meanUs }) =>
          labelled(
            { error: 'none', exception: 'none', method, outcome: 'SUCCESS', status: '200', uri },
            times(meanUs, 3),
          ),
        ),
        6,
      ),
      gauge(
        'jvm_buffer_count_buffers',
        'An estimate of the number of buffers in the pool',
        buffers.map(({ id, count }) => labelled({ id }, count)),
      ),
      gauge(
        'jvm_buffer_memory_used_bytes',
        'An estimate of the memory that the Java virtual machine is using for this buffer pool',
        buffers.map(({ id, count }) => labelled({ id }, times(count, 8_192))),
      ),
      gauge(
        'jvm_buffer_total_capacity_bytes',
        'An estimate of the total capacity of the buffers in this pool',
        buffers.map(({ id, count }) => labelled({ id }, times(count, 8_192))),
      ),
      gauge(
        'jvm_classes_loaded_classes',
        'The number of classes that are currently loaded in the Java virtual machine',
        drawn(14_000, 19_000),
      ),
      counter(
        'jvm_classes_unloaded_classes_total',
        'The number of classes unloaded in the Java virtual machine',
        drawn(0, 90),
      ),
      counter('jvm_compilation_time_ms_total', 'The approximate accumulated elapsed time spent in compilation', [
        labelled({ compiler: 'HotSpot 64-Bit Tiered Compilers' }, sum(drawn(9_000, 20_000), steady(4))),
      ]),
      gauge('jvm_gc_live_data_size_bytes', 'Size of long-lived heap memory pool after reclamation', old),
      gauge('jvm_gc_max_data_size_bytes', 'Max size of long-lived heap memory pool', constant(512 * MEBI)),
      counter(
        'jvm_gc_memory_allocated_bytes_total',
        'Incremented for an increase in the size of the (young) heap memory pool after one GC to before the next',
        times(collections, EDEN_BYTES),
      ),
      counter(
        'jvm_gc_memory_promoted_bytes_total',
        'Count of positive increases in the size of the old generation memory pool before GC to after GC',
        times(collections, 348_160),
      ),
      gauge(
        'jvm_gc_overhead',
        'An approximation of the percent of CPU time used by GC activities over the last lookback period or since monitoring began, whichever is shorter, in the range [0..1]',
        noise(100_000, 9_000_000),
        9,
      ),
      summary(
        'jvm_gc_pause_seconds',
        'Time spent in GC pause',
        [
          {
            labels: { action: 'end of minor GC', cause: 'G1 Evacuation Pause', gc: 'G1 Young Generation' },
            count: collections,
            sum: product(collections, drawn(3, 14)),
          },
        ],
        3,
      ),
      gauge('jvm_gc_pause_seconds_max', 'Time spent in GC pause', [
        labelled(
          { action: 'end of minor GC', cause: 'G1 Evacuation Pause', gc: 'G1 Young Generation' },
          drawn(9, 48),
          3,
        ),
      ]),
      gauge('jvm_info', 'JVM version info', [
        labelled(
          {
            runtime: 'OpenJDK Runtime Environment',
            vendor: 'Eclipse Adoptium',
            version: `21.0.${prng.between(2, 8)}+9-LTS`,
          },
          ONE,
        ),
      ]),
      gauge(
        'jvm_memory_committed_bytes',
        'The amount of memory in bytes that is committed for the Java virtual machine to use',
        perPool(each => each.committed),
      ),
      gauge(
        'jvm_memory_max_bytes',
        'The maximum amount of memory in bytes that can be used for memory management',
        perPool(each => each.max),
      ),
      gauge(
        'jvm_memory_used_bytes',
        'The amount of used memory',
        perPool(each => each.used),
      ),
      gauge(
        'jvm_threads_daemon_threads',
        'The current number of live daemon threads',
        difference(threads, constant(6)),
      ),
      gauge(
        'jvm_threads_live_threads',
        'The current number of live threads including both daemon and non-daemon threads',
        threads,
      ),
      gauge(
        'jvm_threads_peak_threads',
        'The peak live thread count since the Java virtual machine started or peak was reset',
        constant(68),
      ),
      counter(
        'jvm_threads_started_threads_total',
        'The total number of application threads started in the JVM',
        sum(constant(68), events(0.001, 0.02)),
      ),
      gauge(
        'jvm_threads_states_threads',
        'The current number of threads',
        by('state', STATES, state =>
          state === 'runnable' ? runnable : state === 'waiting' ? waiting : state === 'timed-waiting' ? timed : ZERO,
        ),
      ),
      counter(
        'logback_events_total',
        'Number of log events that were enabled by the effective log level',
        by('level', ['debug', 'error', 'info', 'trace', 'warn'], name =>
          name === 'info'
            ? sum(constant(42), oneIn(requests, 50))
            : name === 'error'
              ? failed
              : name === 'warn'
                ? oneIn(requests, 900)
                : ZERO,
        ),
      ),
      counter('process_cpu_time_ns_total', 'The "cpu time" used by the Java Virtual Machine process', cpuNs),
      gauge(
        'process_cpu_usage',
        'The "recent cpu usage" for the Java Virtual Machine process',
        level(4_000, 380_000),
        6,
      ),
      gauge('process_files_max_files', 'The maximum file descriptor count', constant(1_048_576)),
      gauge('process_files_open_files', 'The open file descriptor count', sum(constant(41), busy, noise(0, 8))),
      gauge('process_start_time_seconds', 'Start time of the process since unix epoch.', STARTED, 3),
      gauge('process_uptime_seconds', 'The uptime of the Java virtual machine', steady(1000), 3),
      gauge('system_cpu_count', 'The number of processors available to the Java virtual machine', constant(2)),
      gauge(
        'system_cpu_usage',
        'The "recent cpu usage" of the system the application is running in',
        level(60_000, 700_000),
        6,
      ),
      gauge(
        'system_load_average_1m',
        'The sum of the number of runnable entities queued to available processors and the number of runnable entities running on the available processors averaged over a period of time',
        wobble(10, 320),
        2,
      ),
      gauge('tomcat_sessions_active_current_sessions', '', ZERO),
      gauge('tomcat_threads_busy_threads', '', [labelled({ name: 'http-nio-8080' }, busy)]),
      gauge('tomcat_threads_config_max_threads', '', [labelled({ name: 'http-nio-8080' }, constant(200))]),
      gauge('tomcat_threads_current_threads', '', [labelled({ name: 'http-nio-8080' }, constant(10))]),
    ]
  },
}

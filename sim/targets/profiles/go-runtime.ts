import type { FamilyData } from './model/family-data.ts'
import { by, counter, gauge, labelled, summary } from './model/family-data.ts'
import type { ProfileData } from './model/data-profile.ts'
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
  quotient,
  remainder,
  SCRAPES,
  CLOCK,
  type Source,
  STARTED,
  steady,
  sum,
  times,
  wobble,
  ZERO,
} from './model/source.ts'

/** Since client_golang 1.20 the HELP texts are longer: of each family the old one, and what the new one is. */
type Era = 'before-1.20' | 'since-1.20'

export interface GoProcess {
  /** Of Go itself: `go1.25.1`. */
  readonly version: string
  readonly era: Era
}

/** Bytes that are allocated between two collections. */
const GC_EVERY_BYTES = 4_194_304
const OBJECT_BYTES = 64

/** What client_golang says of its process and runtime by default. */
export function goFamilies({ version, era }: GoProcess): FamilyData[] {
  return [...goRuntime(version, era), ...processFamilies(era)]
}

function goRuntime(version: string, era: Era): FamilyData[] {
  const say = (before: string, since: string): string => (era === 'before-1.20' ? before : since)
  const allocated = times(events(10, 120), 8192)
  const collections = oneIn(allocated, GC_EVERY_BYTES)
  const live = times(drawn(16_000, 120_000), OBJECT_BYTES)
  const alloc = sum(live, remainder(allocated, GC_EVERY_BYTES))
  const inUse = sum(alloc, drawn(200_000, 900_000))
  const heapSys = times(drawn(4, 10), GC_EVERY_BYTES)
  const idle = difference(heapSys, inUse)
  const objects = oneIn(alloc, OBJECT_BYTES)
  const mallocs = oneIn(allocated, OBJECT_BYTES)
  const shortest = drawn(12_000, 30_000)
  const usual = sum(shortest, drawn(10_000, 40_000))
  const middle = sum(usual, drawn(10_000, 60_000))
  const long = sum(middle, drawn(20_000, 200_000))
  const goroutines = level(8, 40)
  const gcSys = times(drawn(800, 1_600), 4096)
  const stack = times(drawn(10, 30), 32_768)
  const buckets = drawn(1_400_000, 1_500_000)
  const mspanSys = times(drawn(6, 24), 16_320)
  const otherSys = drawn(600_000, 1_600_000)
  const mcacheSys = constant(15_600)
  const threads = drawn(6, 14)
  return [
    summary(
      'go_gc_duration_seconds',
      say(
        'A summary of the pause duration of garbage collection cycles.',
        'A summary of the wall-time pause (stop-the-world) duration in garbage collection cycles.',
      ),
      [
        {
          count: collections,
          sum: product(collections, middle),
          quantiles: [
            ['0', shortest],
            ['0.25', usual],
            ['0.5', middle],
            ['0.75', long],
            ['1', sum(long, drawn(100_000, 900_000))],
          ],
        },
      ],
      9,
    ),
    ...(era === 'before-1.20'
      ? []
      : [
          gauge(
            'go_gc_gogc_percent',
            'Heap size target percentage configured by the user, otherwise 100. This value is set by the GOGC environment variable, and the runtime/debug.SetGCPercent function. Sourced from /gc/gogc:percent.',
            constant(100),
          ),
          // Half of what Go says when there is no limit, 2^63: a limit that somebody set, as is usual in a pod.
          gauge(
            'go_gc_gomemlimit_bytes',
            'Go runtime memory limit configured by the user, otherwise math.MaxInt64. This value is set by the GOMEMLIMIT environment variable, and the runtime/debug.SetMemoryLimit function. Sourced from /gc/gomemlimit:bytes.',
            times(drawn(128, 512), 1_048_576),
          ),
        ]),
    gauge('go_goroutines', 'Number of goroutines that currently exist.', goroutines),
    gauge('go_info', 'Information about the Go environment.', [labelled({ version }, ONE)]),
    gauge(
      'go_memstats_alloc_bytes',
      say(
        'Number of bytes allocated and still in use.',
        'Number of bytes allocated in heap and currently in use. Equals to /memory/classes/heap/objects:bytes.',
      ),
      alloc,
    ),
    counter(
      'go_memstats_alloc_bytes_total',
      say(
        'Total number of bytes allocated, even if freed.',
        'Total number of bytes allocated in heap until now, even if released already. Equals to /gc/heap/allocs:bytes.',
      ),
      allocated,
    ),
    gauge(
      'go_memstats_buck_hash_sys_bytes',
      say(
        'Number of bytes used by the profiling bucket hash table.',
        'Number of bytes used by the profiling bucket hash table. Equals to /memory/classes/profiling/buckets:bytes.',
      ),
      buckets,
    ),
    counter(
      'go_memstats_frees_total',
      say(
        'Total number of frees.',
        'Total number of heap objects frees. Equals to /gc/heap/frees:objects + /gc/heap/tiny/allocs:objects.',
      ),
      difference(mallocs, objects),
    ),
    gauge(
      'go_memstats_gc_sys_bytes',
      say(
        'Number of bytes used for garbage collection system metadata.',
        'Number of bytes used for garbage collection system metadata. Equals to /memory/classes/metadata/other:bytes.',
      ),
      gcSys,
    ),
    gauge(
      'go_memstats_heap_alloc_bytes',
      say(
        'Number of heap bytes allocated and still in use.',
        'Number of heap bytes allocated and currently in use, same as go_memstats_alloc_bytes. Equals to /memory/classes/heap/objects:bytes.',
      ),
      alloc,
    ),
    gauge(
      'go_memstats_heap_idle_bytes',
      say(
        'Number of heap bytes waiting to be used.',
        'Number of heap bytes waiting to be used. Equals to /memory/classes/heap/released:bytes + /memory/classes/heap/free:bytes.',
      ),
      idle,
    ),
    gauge(
      'go_memstats_heap_inuse_bytes',
      say(
        'Number of heap bytes that are in use.',
        'Number of heap bytes that are in use. Equals to /memory/classes/heap/objects:bytes + /memory/classes/heap/unused:bytes',
      ),
      inUse,
    ),
    gauge(
      'go_memstats_heap_objects',
      say('Number of allocated objects.', 'Number of currently allocated objects. Equals to /gc/heap/objects:objects.'),
      objects,
    ),
    gauge(
      'go_memstats_heap_released_bytes',
      say(
        'Number of heap bytes released to OS.',
        'Number of heap bytes released to OS. Equals to /memory/classes/heap/released:bytes.',
      ),
      quotient(idle, constant(2)),
    ),
    gauge(
      'go_memstats_heap_sys_bytes',
      say(
        'Number of heap bytes obtained from system.',
        'Number of heap bytes obtained from system. Equals to /memory/classes/heap/objects:bytes + /memory/classes/heap/unused:bytes + /memory/classes/heap/released:bytes + /memory/classes/heap/free:bytes.',
      ),
      heapSys,
    ),
    gauge(
      'go_memstats_last_gc_time_seconds',
      'Number of seconds since 1970 of last garbage collection.',
      difference(CLOCK, remainder(steady(1000), 15_000)),
      3,
    ),
    ...(era === 'before-1.20' ? [counter('go_memstats_lookups_total', 'Total number of pointer lookups.', ZERO)] : []),
    counter(
      'go_memstats_mallocs_total',
      say(
        'Total number of mallocs.',
        'Total number of heap objects allocated, both live and gc-ed. Semantically a counter version for go_memstats_heap_objects gauge. Equals to /gc/heap/allocs:objects + /gc/heap/tiny/allocs:objects.',
      ),
      mallocs,
    ),
    gauge(
      'go_memstats_mcache_inuse_bytes',
      say(
        'Number of bytes in use by mcache structures.',
        'Number of bytes in use by mcache structures. Equals to /memory/classes/metadata/mcache/inuse:bytes.',
      ),
      constant(4_800),
    ),
    gauge(
      'go_memstats_mcache_sys_bytes',
      say(
        'Number of bytes used for mcache structures obtained from system.',
        'Number of bytes used for mcache structures obtained from system. Equals to /memory/classes/metadata/mcache/inuse:bytes + /memory/classes/metadata/mcache/free:bytes.',
      ),
      mcacheSys,
    ),
    gauge(
      'go_memstats_mspan_inuse_bytes',
      say(
        'Number of bytes in use by mspan structures.',
        'Number of bytes in use by mspan structures. Equals to /memory/classes/metadata/mspan/inuse:bytes.',
      ),
      quotient(mspanSys, constant(4), 3),
    ),
    gauge(
      'go_memstats_mspan_sys_bytes',
      say(
        'Number of bytes used for mspan structures obtained from system.',
        'Number of bytes used for mspan structures obtained from system. Equals to /memory/classes/metadata/mspan/inuse:bytes + /memory/classes/metadata/mspan/free:bytes.',
      ),
      mspanSys,
    ),
    gauge(
      'go_memstats_next_gc_bytes',
      say(
        'Number of heap bytes when next garbage collection will take place.',
        'Number of heap bytes when next garbage collection will take place. Equals to /gc/heap/goal:bytes.',
      ),
      sum(live, constant(GC_EVERY_BYTES)),
    ),
    gauge(
      'go_memstats_other_sys_bytes',
      say(
        'Number of bytes used for other system allocations.',
        'Number of bytes used for other system allocations. Equals to /memory/classes/other:bytes.',
      ),
      otherSys,
    ),
    gauge(
      'go_memstats_stack_inuse_bytes',
      say(
        'Number of bytes in use by the stack allocator.',
        'Number of bytes obtained from system for stack allocator in non-CGO environments. Equals to /memory/classes/heap/stacks:bytes.',
      ),
      stack,
    ),
    gauge(
      'go_memstats_stack_sys_bytes',
      say(
        'Number of bytes obtained from system for stack allocator.',
        'Number of bytes obtained from system for stack allocator. Equals to /memory/classes/heap/stacks:bytes + /memory/classes/os-stacks:bytes.',
      ),
      stack,
    ),
    gauge(
      'go_memstats_sys_bytes',
      say(
        'Number of bytes obtained from system.',
        'Number of bytes obtained from system. Equals to /memory/classes/total:byte.',
      ),
      sum(heapSys, gcSys, stack, buckets, mspanSys, otherSys, mcacheSys),
    ),
    ...(era === 'before-1.20'
      ? []
      : [
          gauge(
            'go_sched_gomaxprocs_threads',
            'The current runtime.GOMAXPROCS setting, or the number of operating system threads that can execute user-level Go code simultaneously. Sourced from /sched/gomaxprocs:threads.',
            constant(4),
          ),
        ]),
    gauge('go_threads', 'Number of OS threads created.', threads),
  ]
}

function processFamilies(era: Era): FamilyData[] {
  const received = times(events(20, 60), 480)
  const resident = sum(times(drawn(2_500, 7_000), 4096), times(wobble(0, 600), 4096))
  return [
    counter(
      'process_cpu_seconds_total',
      'Total user and system CPU time spent in seconds.',
      sum(events(0.5, 4), steady(0.3)),
      2,
    ),
    gauge('process_max_fds', 'Maximum number of open file descriptors.', constant(1_048_576)),
    ...(era === 'before-1.20'
      ? []
      : [
          counter(
            'process_network_receive_bytes_total',
            'Number of bytes received by the process over the network.',
            received,
          ),
          counter(
            'process_network_transmit_bytes_total',
            'Number of bytes sent by the process over the network.',
            times(received, 3),
          ),
        ]),
    gauge('process_open_fds', 'Number of open file descriptors.', sum(constant(8), noise(0, 4))),
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', resident),
    gauge(
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      oneIn(STARTED, 10),
      2,
    ),
    gauge(
      'process_virtual_memory_bytes',
      'Virtual memory size in bytes.',
      sum(resident, times(drawn(170_000, 300_000), 4096)),
    ),
    // As after `ulimit -v`: all that a process can address. Without a limit it would be 2^64, which no mantissa holds.
    gauge(
      'process_virtual_memory_max_bytes',
      'Maximum amount of virtual memory available in bytes.',
      constant(2 ** 47),
    ),
  ]
}

/** What client_golang's handler says of its own scrapes. */
export const handlerFamilies = (withErrors: boolean): FamilyData[] => [
  ...(withErrors
    ? [
        counter(
          'promhttp_metric_handler_errors_total',
          'Total number of internal errors encountered by the promhttp metric handler.',
          by('cause', ['encoding', 'gathering'], () => ZERO),
        ),
      ]
    : []),
  gauge('promhttp_metric_handler_requests_in_flight', 'Current number of scrapes being served.', ONE),
  counter(
    'promhttp_metric_handler_requests_total',
    'Total number of scrapes by HTTP status code.',
    // The one that is being answered is counted afterwards.
    by('code', ['200', '500', '503'], code => (code === '200' ? (difference(SCRAPES, ONE) satisfies Source) : ZERO)),
  ),
]

/** A program in Go that says nothing but what its client library does. */
export const goRuntimeProfile: ProfileData = {
  name: 'go-runtime',
  description: 'A Go program with client_golang’s defaults: runtime, process and the handler’s own metrics.',
  families: ({ prng }) => [
    ...goFamilies({ version: `go1.${prng.between(23, 26)}.${prng.between(0, 9)}`, era: 'since-1.20' }),
    ...handlerFamilies(false),
  ],
}

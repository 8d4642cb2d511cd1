import { by, counter, type FamilyData, gauge, labelled, type SampleData, unknown } from './model/family-data.ts'
import { goFamilies, handlerFamilies } from './go-runtime.ts'
import type { ProfileData } from './model/data-profile.ts'
import {
  constant,
  difference,
  events,
  noise,
  oneIn,
  ONE,
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
import { POSTGRES_SETTINGS } from './postgres-settings.ts'

/** As a sidecar reaches it. */
const SERVER = '127.0.0.1:5432'
const LOCK_MODES = [
  'accessexclusivelock',
  'accesssharelock',
  'exclusivelock',
  'rowexclusivelock',
  'rowsharelock',
  'sharelock',
  'sharerowexclusivelock',
  'shareupdateexclusivelock',
  'sireadlock',
]
const STATES = [
  'active',
  'disabled',
  'fastpath function call',
  'idle',
  'idle in transaction',
  'idle in transaction (aborted)',
]

const on = (labels: Readonly<Record<string, string>>, value: Source): SampleData =>
  labelled({ ...labels, server: SERVER }, value)

/** postgres_exporter 0.11 beside a PostgreSQL 15 with one database in use. */
export const postgres: ProfileData = {
  name: 'postgres',
  description: 'postgres_exporter beside a PostgreSQL with one database in use: transactions, blocks, locks, settings.',
  families({ faker }): readonly FamilyData[] {
    const database = faker.word
      .noun()
      .toLowerCase()
      .replaceAll(/[^a-z]/g, '_')
    const commits = events(5, 400)
    const rollbacks = oneIn(commits, 90)
    const transactions = sum(commits, rollbacks)
    const reads = events(1, 40)
    const blocks = sum(times(transactions, 37), reads)
    const writes = times(events(2, 90), 3)
    const written = times(writes, 811)
    const buffersWritten = oneIn(writes, 7)
    const checkpoints = steady(1 / 300)
    const temporary = events(0.001, 0.02)
    const backendsMax = constant(40)
    const activeBackends = noise(1, 4)
    const waiting = noise(0, 2)
    const backends = wobble(8, 40)
    const idle = difference(backends, sum(activeBackends, waiting))
    const locks = (mode: string): Source =>
      mode === 'accesssharelock' ? times(activeBackends, 3) : mode === 'rowexclusivelock' ? activeBackends : ZERO
    const activity = (state: string): Source =>
      state === 'active' ? activeBackends : state === 'idle' ? idle : state === 'idle in transaction' ? waiting : ZERO
    const DATABASES = [
      { datid: '1', datname: 'template1', bytes: constant(7_471_619) },
      { datid: '4', datname: 'template0', bytes: constant(7_471_619) },
      { datid: '5', datname: 'postgres', bytes: constant(7_634_279) },
      { datid: '16384', datname: database, bytes: sum(constant(240_000_000), quotient(written, constant(3))) },
    ]
    const NAMED = DATABASES.map(({ datname }) => datname)
    // The first is what belongs to none of them.
    const perDatabase = (value: (own: boolean) => Source): SampleData[] =>
      [{ datid: '0', datname: '' }, ...DATABASES].map(({ datid, datname }) =>
        on({ datid, datname }, value(datname === database)),
      )
    return [
      ...goFamilies({ version: 'go1.19.8', era: 'before-1.20' }),
      gauge(
        'pg_database_size_bytes',
        'Disk space used by the database',
        DATABASES.map(({ datname, bytes }) => on({ datname }, bytes)),
      ),
      gauge(
        'pg_exporter_last_scrape_duration_seconds',
        'Duration of the last scrape of metrics from PostgreSQL.',
        noise(20_000_000, 60_000_000),
        9,
      ),
      gauge(
        'pg_exporter_last_scrape_error',
        'Whether the last scrape of metrics from PostgreSQL resulted in an error (1 for error, 0 for success).',
        ZERO,
      ),
      counter('pg_exporter_scrapes_total', 'Total number of times PostgreSQL was scraped for metrics.', SCRAPES),
      gauge(
        'pg_locks_count',
        'Number of locks',
        NAMED.flatMap(datname =>
          LOCK_MODES.map(mode => on({ datname, mode }, datname === database ? locks(mode) : ZERO)),
        ),
      ),
      gauge(
        'pg_scrape_collector_duration_seconds',
        'postgres_exporter: Duration of a collector scrape.',
        by('collector', ['bgwriter', 'database'], () => noise(2_000_000, 14_000_000)),
        9,
      ),
      gauge(
        'pg_scrape_collector_success',
        'postgres_exporter: Whether a collector succeeded.',
        by('collector', ['bgwriter', 'database'], () => ONE),
      ),
      gauge(
        'pg_stat_activity_count',
        'number of connections in this state',
        NAMED.flatMap(datname =>
          STATES.map(state => on({ datname, state }, datname === database ? activity(state) : ZERO)),
        ),
      ),
      gauge(
        'pg_stat_activity_max_tx_duration',
        'max duration in seconds any active transaction has been running',
        NAMED.flatMap(datname =>
          STATES.map(state =>
            on({ datname, state }, datname === database && state === 'active' ? noise(200, 900_000) : ZERO),
          ),
        ),
        6,
      ),
      counter('pg_stat_archiver_archived_count', 'Number of WAL files that have been successfully archived', [
        on({}, oneIn(written, 16_777_216)),
      ]),
      counter('pg_stat_archiver_failed_count', 'Number of failed attempts for archiving WAL files', [on({}, ZERO)]),
      gauge(
        'pg_stat_archiver_last_archive_age',
        'Time in seconds since last WAL segment was successfully archived',
        [on({}, remainder(steady(1000), 300_000))],
        3,
      ),
      counter('pg_stat_bgwriter_buffers_alloc_total', 'Number of buffers allocated', [on({}, reads)]),
      counter(
        'pg_stat_bgwriter_buffers_backend_fsync_total',
        'Number of times a backend had to execute its own fsync call (normally the background writer handles those even when the backend does its own write)',
        [on({}, ZERO)],
      ),
      counter('pg_stat_bgwriter_buffers_backend_total', 'Number of buffers written directly by a backend', [
        on({}, oneIn(reads, 6)),
      ]),
      counter('pg_stat_bgwriter_buffers_checkpoint_total', 'Number of buffers written during checkpoints', [
        on({}, buffersWritten),
      ]),
      counter('pg_stat_bgwriter_buffers_clean_total', 'Number of buffers written by the background writer', [
        on({}, oneIn(buffersWritten, 20)),
      ]),
      counter(
        'pg_stat_bgwriter_checkpoint_sync_time_total',
        'Total amount of time that has been spent in the portion of checkpoint processing where files are synchronized to disk, in milliseconds',
        [on({}, times(checkpoints, 31))],
      ),
      counter(
        'pg_stat_bgwriter_checkpoint_write_time_total',
        'Total amount of time that has been spent in the portion of checkpoint processing where files are written to disk, in milliseconds',
        [on({}, times(checkpoints, 26_403))],
      ),
      counter('pg_stat_bgwriter_checkpoints_req_total', 'Number of requested checkpoints that have been performed', [
        on({}, events(0.0002, 0.001)),
      ]),
      counter('pg_stat_bgwriter_checkpoints_timed_total', 'Number of scheduled checkpoints that have been performed', [
        on({}, checkpoints),
      ]),
      counter(
        'pg_stat_bgwriter_maxwritten_clean_total',
        'Number of times the background writer stopped a cleaning scan because it had written too many buffers',
        [on({}, ZERO)],
      ),
      counter('pg_stat_bgwriter_stats_reset_total', 'Time at which these statistics were last reset', [
        on({}, oneIn(STARTED, 1000)),
      ]),
      unknown(
        'pg_stat_database_active_time',
        'Unknown metric from pg_stat_database',
        perDatabase(own => (own ? times(transactions, 2) : ZERO)),
        3,
      ),
      counter(
        'pg_stat_database_blk_read_time',
        'Time spent reading data file blocks by backends in this database, in milliseconds',
        perDatabase(own => (own ? ZERO : ZERO)),
        3,
      ),
      counter(
        'pg_stat_database_blk_write_time',
        'Time spent writing data file blocks by backends in this database, in milliseconds',
        perDatabase(own => (own ? ZERO : ZERO)),
        3,
      ),
      counter(
        'pg_stat_database_blks_hit',
        "Number of times disk blocks were found already in the buffer cache, so that a read was not necessary (this only includes hits in the PostgreSQL buffer cache, not the operating system's file system cache)",
        perDatabase(own => (own ? difference(blocks, reads) : ZERO)),
      ),
      counter(
        'pg_stat_database_blks_read',
        'Number of disk blocks read in this database',
        perDatabase(own => (own ? reads : ZERO)),
      ),
      unknown(
        'pg_stat_database_checksum_failures',
        'Unknown metric from pg_stat_database',
        perDatabase(own => (own ? ZERO : ZERO)),
      ),
      unknown(
        'pg_stat_database_checksum_last_failure',
        'Unknown metric from pg_stat_database',
        perDatabase(own => (own ? ZERO : ZERO)),
      ),
      counter(
        'pg_stat_database_conflicts',
        'Number of queries canceled due to conflicts with recovery in this database. (Conflicts occur only on standby servers; see pg_stat_database_conflicts for details.)',
        perDatabase(own => (own ? ZERO : ZERO)),
      ),
      counter(
        'pg_stat_database_conflicts_confl_bufferpin',
        'Number of queries in this database that have been canceled due to pinned buffers',
        DATABASES.map(({ datid, datname }) => on({ datid, datname }, ZERO)),
      ),
      counter(
        'pg_stat_database_conflicts_confl_deadlock',
        'Number of queries in this database that have been canceled due to deadlocks',
        DATABASES.map(({ datid, datname }) => on({ datid, datname }, ZERO)),
      ),
      counter(
        'pg_stat_database_conflicts_confl_lock',
        'Number of queries in this database that have been canceled due to lock timeouts',
        DATABASES.map(({ datid, datname }) => on({ datid, datname }, ZERO)),
      ),
      counter(
        'pg_stat_database_conflicts_confl_snapshot',
        'Number of queries in this database that have been canceled due to old snapshots',
        DATABASES.map(({ datid, datname }) => on({ datid, datname }, ZERO)),
      ),
      counter(
        'pg_stat_database_conflicts_confl_tablespace',
        'Number of queries in this database that have been canceled due to dropped tablespaces',
        DATABASES.map(({ datid, datname }) => on({ datid, datname }, ZERO)),
      ),
      counter(
        'pg_stat_database_deadlocks',
        'Number of deadlocks detected in this database',
        perDatabase(own => (own ? events(0.0001, 0.001) : ZERO)),
      ),
      unknown(
        'pg_stat_database_idle_in_transaction_time',
        'Unknown metric from pg_stat_database',
        perDatabase(own => (own ? oneIn(transactions, 9) : ZERO)),
        3,
      ),
      gauge(
        'pg_stat_database_numbackends',
        'Number of backends currently connected to this database. This is the only column in this view that returns a value reflecting current state; all other columns return the accumulated values since the last reset.',
        perDatabase(own => (own ? backends : ZERO)),
      ),
      unknown(
        'pg_stat_database_session_time',
        'Unknown metric from pg_stat_database',
        perDatabase(own => (own ? times(steady(1000), 12) : ZERO)),
        3,
      ),
      unknown(
        'pg_stat_database_sessions',
        'Unknown metric from pg_stat_database',
        perDatabase(own => (own ? sum(backendsMax, events(0.05, 0.5)) : ZERO)),
      ),
      unknown(
        'pg_stat_database_sessions_abandoned',
        'Unknown metric from pg_stat_database',
        perDatabase(own => (own ? ZERO : ZERO)),
      ),
      unknown(
        'pg_stat_database_sessions_fatal',
        'Unknown metric from pg_stat_database',
        perDatabase(own => (own ? ZERO : ZERO)),
      ),
      unknown(
        'pg_stat_database_sessions_killed',
        'Unknown metric from pg_stat_database',
        perDatabase(own => (own ? ZERO : ZERO)),
      ),
      counter(
        'pg_stat_database_stats_reset',
        'Time at which these statistics were last reset',
        perDatabase(own => (own ? oneIn(STARTED, 1000) : ZERO)),
      ),
      counter(
        'pg_stat_database_temp_bytes',
        'Total amount of data written to temporary files by queries in this database. All temporary files are counted, regardless of why the temporary file was created, and regardless of the log_temp_files setting.',
        perDatabase(own => (own ? times(temporary, 8_388_608) : ZERO)),
      ),
      counter(
        'pg_stat_database_temp_files',
        'Number of temporary files created by queries in this database. All temporary files are counted, regardless of why the temporary file was created (e.g., sorting or hashing), and regardless of the log_temp_files setting.',
        perDatabase(own => (own ? temporary : ZERO)),
      ),
      counter(
        'pg_stat_database_tup_deleted',
        'Number of rows deleted by queries in this database',
        perDatabase(own => (own ? oneIn(writes, 12) : ZERO)),
      ),
      counter(
        'pg_stat_database_tup_fetched',
        'Number of rows fetched by queries in this database',
        perDatabase(own => (own ? times(transactions, 14) : ZERO)),
      ),
      counter(
        'pg_stat_database_tup_inserted',
        'Number of rows inserted by queries in this database',
        perDatabase(own => (own ? oneIn(writes, 3) : ZERO)),
      ),
      counter(
        'pg_stat_database_tup_returned',
        'Number of rows returned by queries in this database',
        perDatabase(own => (own ? times(transactions, 90) : ZERO)),
      ),
      counter(
        'pg_stat_database_tup_updated',
        'Number of rows updated by queries in this database',
        perDatabase(own => (own ? oneIn(writes, 2) : ZERO)),
      ),
      counter(
        'pg_stat_database_xact_commit',
        'Number of transactions in this database that have been committed',
        perDatabase(own => (own ? commits : ZERO)),
      ),
      counter(
        'pg_stat_database_xact_rollback',
        'Number of transactions in this database that have been rolled back',
        perDatabase(own => (own ? rollbacks : ZERO)),
      ),
      unknown('pg_static', 'Version string as reported by postgres', [
        on(
          {
            short_version: '15.18.0',
            version:
              'PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14+deb12u1) 12.2.0, 64-bit',
          },
          ONE,
        ),
      ]),
      gauge(
        'pg_up',
        'Whether the last scrape of metrics from PostgreSQL was able to connect to the server (1 for yes, 0 for no).',
        ONE,
      ),
      gauge(
        'postgres_exporter_build_info',
        "A metric with a constant '1' value labeled by version, revision, branch, goversion from which postgres_exporter was built, and the goos and goarch for the build.",
        [
          labelled(
            {
              branch: 'debian/sid',
              goarch: 'amd64',
              goos: 'linux',
              goversion: 'go1.19.8',
              revision: '0.11.1-3+b5',
              version: '0.11.1',
            },
            ONE,
          ),
        ],
      ),
      ...POSTGRES_SETTINGS.map(([name, help, value, decimals = 0]) =>
        gauge(`pg_settings_${name}`, help, [on({}, constant(value))], decimals),
      ),
      ...handlerFamilies(false),
    ]
  },
}

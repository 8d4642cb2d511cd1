import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, CodedError, describeError, ExitCode } from '../../base/index.ts'
import type { Report } from '../../reports/index.ts'
import { zoneName } from '../../sim/index.ts'
import { eligibleFrom } from '../eligible.ts'
import type { Scenario } from '../scenario.ts'
import { defaultPrometheusConfig } from '../subjects/index.ts'
import type { TrialContext, TrialPart } from '../trial-part.ts'
import { Board } from './board.ts'
import type { NodePlace, Witness } from './cluster-model.ts'
import { Feed } from './feed.ts'
import { serveUi } from './server.ts'
import type { LogKind } from './wire.ts'

export interface DashboardOptions {
  readonly scenario: Scenario
  /** `embedded`, as given to `--subject`. */
  readonly subject: string
  /** Content of the subject's `prometheus.yml`, when it is not the default one. */
  readonly config?: string | undefined
  /** 0 picks a free one. */
  readonly port: number
  /** The page goes on being served after the end. */
  readonly keep?: boolean
}

/** The live page of a run of one trial. */
export interface Dashboard {
  readonly url: string
  /** Takes part in the trial. */
  readonly part: TrialPart
  /** A line in the event log. */
  note(kind: LogKind, text: string): void
  /** Shows the verdict, and offers the report that lies in `outDir`. */
  finish(report: Report, outDir: string): void
  /** Shows why there is no report. */
  fail(error: unknown): void
  /** Never takes longer than a quarter of a second, whatever browsers do. */
  close(): Promise<void>
}

/**
 * Opens the live page of a run, before it begins.
 *
 * `clock` must not keep the process alive: a browser never delays the end of a run.
 *
 * @throws UiError CHURN_UI_PORT
 */
export async function openDashboard(clock: Clock, options: DashboardOptions): Promise<Dashboard> {
  const { scenario, subject, port } = options
  const config = options.config ?? defaultPrometheusConfig({ scrapeIntervalMs: scenario.scrapeIntervalMs, role: 'pod' })
  const facts = `profile ${scenario.profile}, seed ${scenario.seed}, ${scenario.cluster.nodes} nodes, scrape interval ${scenario.scrapeIntervalMs / 1000} s`
  let startNs: bigint | undefined
  const board = new Board({
    title: {
      scenario: scenario.name,
      description: scenario.description,
      subject,
      facts,
      durationMs: scenario.durationMs,
      settleMs: scenario.settleMs,
    },
    places: nodePlaces(scenario),
    from: eligibleFrom(config),
    nowMs: () => (startNs === undefined ? 0 : Number(clock.monotonicNs() - startNs) / 1e6),
  })
  const feed = new Feed(clock, board)
  let reportHtml: string | undefined
  const server = await serveUi(clock, { port, feed, report: () => reportHtml })

  const part: TrialPart = {
    onEvents(events) {
      board.apply(events)
    },
    onStart(context) {
      startNs = context.startNs
      board.phase = 'churn'
      board.witnessedBy(witnessOf(context))
      for (const warning of context.subject.warnings ?? []) board.log('warning', warning)
    },
    onSecond(snapshot) {
      if (board.phase === 'churn' && snapshot.atS * 1000 >= scenario.durationMs) board.phase = 'settle'
      board.second(snapshot)
    },
    onStop() {
      board.phase = 'asking back'
    },
  }

  return {
    url: server.url,
    part,
    note: (kind, text) => board.log(kind, text),
    finish(report, outDir) {
      // What the subject said was told when it began.
      for (const { code, message } of report.warnings) if (code !== 'subject') board.log('warning', message)
      for (const { metric, expression, value, ok } of report.thresholds) {
        const found = value === null ? 'there is no data' : `it is ${value}`
        if (!ok) board.log('fault', `threshold failed: ${metric} ${expression}; ${found}`)
      }
      reportHtml = readReport(outDir)
      const { status, exitCode, reasons } = report.verdict
      board.conclude({
        status,
        exitCode,
        reasons,
        reportPath: join(outDir, 'report.html'),
        reportHtml: reportHtml ?? '',
        isServed: options.keep ?? false,
      })
      feed.flush()
    },
    fail(error) {
      const text = describeError(error)
      board.log('fault', text)
      const exitCode = error instanceof CodedError ? error.exitCode : ExitCode.internal
      board.conclude({ status: 'failed', exitCode, reasons: [text], reportPath: '', reportHtml: '', isServed: false })
      feed.flush()
    },
    close: () => server.close(),
  }
}

/** The nodes that a scenario's cluster begins with; those of a trace show with their pods. */
export function nodePlaces({ cluster }: Pick<Scenario, 'cluster'>): NodePlace[] {
  if (cluster.zones === 0) return []
  return Array.from({ length: cluster.nodes }, (_, i) => ({ name: `node-${i}`, zone: zoneName(i % cluster.zones) }))
}

function witnessOf(context: TrialContext): Witness {
  const { simulation, startNs } = context
  const sinceStart = (ns: bigint | undefined): number | undefined =>
    ns === undefined ? undefined : Number(ns - startNs) / 1e6
  return {
    scrapedMs: slot => sinceStart(simulation.truth.firstScrapeNs(slot)),
    visibleMs: uid => sinceStart(context.visibleNs(uid)),
  }
}

/** A report that cannot be read is on the disk all the same, or the run has told why not. */
function readReport(outDir: string): string | undefined {
  try {
    return readFileSync(join(outDir, 'report.html'), 'utf8')
  } catch {
    return undefined
  }
}

import { join } from 'node:path'
import { type Clock, ExitCode } from '../../base/index.ts'
import {
  compareArms,
  type Comparison,
  confirm,
  describeMetrics,
  gatesFault,
  prepareReportFolder,
  type Report,
  verdictOfComparison,
  writeReport,
} from '../../reports/index.ts'
import { assemble } from '../assemble.ts'
import { captureEnvironment, captureTool } from '../environment.ts'
import { HarnessError } from '../errors.ts'
import type { TrialOutcome } from '../execute-trial.ts'
import { requirePodNetwork } from '../pod-network.ts'
import type { Scenario } from '../scenario.ts'
import type { SubjectSpec } from '../subjects/index.ts'
import type { TrialJob } from '../trial-process/messages.ts'
import type { Ending } from '../trial.ts'
import { verdictOf } from '../verdict.ts'
import { executeBlocks } from './blocks.ts'
import type { KnownNoise } from './calibration-file.ts'

export interface AbOptions {
  readonly scenario: Scenario
  /** Base. */
  readonly a: SubjectSpec
  /** Head. */
  readonly b: SubjectSpec
  /** Blocks of one trial each. */
  readonly blocks: number
  /** Level of the family of gates. */
  readonly alpha: number
  /** Whether a regression is confirmed by a second set of blocks before it fails the run. */
  readonly confirm: boolean
  /** Whether an inconclusive gate fails the run. */
  readonly strict: boolean
  readonly noise: KnownNoise
  readonly outDir: string
  readonly readyTimeoutMs: number
  readonly profileSubject: boolean
  readonly stderr: NodeJS.WriteStream
  readonly signal: AbortSignal
  readonly root: URL
}

/** Fewer blocks than these describe and claim nothing: no test could call anything significant. */
export const BLOCKS_MIN = 6

/**
 * Compares two subjects, or two builds of one, in interleaved blocks of trials in fresh processes, and writes the report.
 *
 *   blocks ─▶ compare ─┬─ nothing regressed ──────────────────────────▶ report
 *                      └─ a gate regressed ─▶ as many blocks again ─▶ confirm ─▶ report
 *
 * @throws HarnessError CHURN_AB when the blocks cannot support the gates; CodedError when a trial could not begin.
 */
export async function runAb(clock: Clock, options: AbOptions): Promise<Report> {
  checkPower(options)
  const session = await openSession(clock, options)
  const first = await session.blocks(0)
  let comparison = session.compare(first)
  let ending = first.ending
  const regressed = comparison.rows.filter(row => row.gate && row.verdict === 'regressed')
  if (ending.kind === 'complete' && options.confirm && options.blocks >= BLOCKS_MIN && regressed.length > 0) {
    const names = regressed.map(row => `${row.metric} ${row.statistic}`).join(', ')
    options.stderr.write(`\nregressed: ${names}; running ${options.blocks} more blocks to confirm\n`)
    const second = await session.blocks(1)
    ending = second.ending
    if (ending.kind === 'complete') comparison = confirm(comparison, session.compare(second))
  }
  return session.finish('ab', { comparison }, ending, comparison)
}

/** @throws HarnessError CHURN_AB */
function checkPower({ scenario, blocks, alpha }: AbOptions): void {
  if (scenario.search !== undefined) {
    throw new HarnessError(
      'CHURN_AB',
      `${scenario.name} is a search, whose trials differ in their load; compare the reports of two searches instead`,
      { exitCode: ExitCode.usage },
    )
  }
  const fault = blocks < BLOCKS_MIN ? undefined : gatesFault(blocks, scenario.gates, { alpha })
  if (fault !== undefined) {
    throw new HarnessError('CHURN_AB', `${scenario.name}: ${fault}`, { exitCode: ExitCode.usage })
  }
}

/** What the trials of one command share, and what becomes of them. */
export interface Session {
  blocks(set: number): Promise<BlocksOfSet>
  /** Compares the arms within one set. */
  compare(set: BlocksOfSet): Comparison
  /** Writes and returns the report of all trials of all sets. */
  finish(
    kind: Report['kind'],
    more: Pick<Report, 'comparison' | 'calibration'>,
    ending: Ending,
    comparison: Comparison,
  ): Promise<Report>
}

export interface BlocksOfSet {
  readonly outcomes: readonly TrialOutcome[]
  readonly ending: Ending
}

/** @throws CodedError when the report folder cannot be written or pods cannot have addresses */
export async function openSession(clock: Clock, options: Omit<AbOptions, 'confirm'>): Promise<Session> {
  const { scenario, blocks } = options
  const outDir = await prepareReportFolder(options.outDir)
  const environment = captureEnvironment(await requirePodNetwork(scenario))
  const tool = await captureTool(options.root)
  const startedAt = new Date(clock.unixMs()).toISOString()
  const all: TrialOutcome[] = []
  const jobOf = (subject: SubjectSpec): Omit<TrialJob, 'outDir'> => ({
    scenario,
    subject,
    readyTimeoutMs: options.readyTimeoutMs,
    profileSubject: options.profileSubject,
  })
  return {
    async blocks(set) {
      const result = await executeBlocks({
        seed: scenario.seed,
        set,
        blocks,
        arms: { A: jobOf(options.a), B: jobOf(options.b) },
        outDir: join(outDir, 'trials'),
        orderFrom: all.length,
        signal: options.signal,
        onTrial: ({ arm, block, rerun }) => {
          const kind = options[arm === 'A' ? 'a' : 'b'].kind
          const which = rerun ? `block ${block + 1}, for an invalid one` : `block ${block + 1} of ${blocks}`
          options.stderr.write(`\n${which}: ${arm} ${kind}${set === 1 ? ' (confirmation)' : ''}\n`)
        },
        onOutcome: (_arm, { run }) => {
          if (!run.valid) options.stderr.write(`invalid: ${run.invalidReasons.join('; ')}\n`)
        },
      })
      all.push(...result.outcomes)
      return result
    },
    compare({ outcomes }) {
      const runs = outcomes.map(({ run }) => run)
      return compareArms(
        { metrics: describeMetrics(runs), runs, scenario },
        { alpha: options.alpha, seed: scenario.seed, minEffects: options.noise.minEffects },
      )
    },
    async finish(kind, more, ending, comparison) {
      const report = assemble(clock, {
        kind,
        scenario,
        startedAt,
        environment,
        tool,
        outcomes: all.map(outcome => ({ ...outcome, run: { ...outcome.run } })),
        judged: run => run.arm === 'B' && run.valid,
        more,
        verdict: thresholds => verdictOfSession(ending, all, thresholds, comparison, options.strict),
      })
      const warned = { ...report, warnings: [...options.noise.warnings, ...report.warnings] }
      await writeReport(outDir, warned)
      return warned
    },
  }
}

/**
 * An early end comes first, then validity, then thresholds (those of arm B, the head), then the comparison.
 */
function verdictOfSession(
  ending: Ending,
  outcomes: readonly TrialOutcome[],
  thresholds: Report['thresholds'],
  comparison: Comparison,
  strict: boolean,
): Report['verdict'] {
  const judged = verdictOfComparison(comparison, { strict })
  if (ending.kind !== 'complete') {
    return verdictOf(ending, outcomes.at(-1)?.run ?? { valid: true, invalidReasons: [] }, thresholds)
  }
  if (judged.exitCode === ExitCode.invalid) return judged
  const onThresholds = verdictOf(ending, { valid: true, invalidReasons: [] }, thresholds)
  if (onThresholds.exitCode === ExitCode.ok) return judged
  return { ...onThresholds, reasons: [...onThresholds.reasons, ...judged.reasons] }
}

import { join } from 'node:path'
import { Prng } from '../../base/index.ts'
import { endingOf } from '../trial-process/ending-of.ts'
import { executeTrialInProcess } from '../trial-process/trial-process.ts'
import type { TrialJob } from '../trial-process/messages.ts'
import type { TrialOutcome } from '../execute-trial.ts'
import type { Ending } from '../trial.ts'
import { type ArmName, drawOrder } from './order.ts'

/** Share of the wanted blocks that may be run again because one of their trials was invalid. */
const RERUN_SHARE = 0.25

export interface BlocksOptions {
  readonly seed: string
  /** 0: the first set; 1: the one that confirms. */
  readonly set: number
  /** Blocks wanted, each with a valid trial of both arms. */
  readonly blocks: number
  /** What the trials of one arm have in common. */
  readonly arms: Readonly<Record<ArmName, Omit<TrialJob, 'outDir'>>>
  /** Folder below which each trial gets one of its own. */
  readonly outDir: string
  /** Number of trials that were executed before, by earlier sets. */
  readonly orderFrom: number
  readonly signal: AbortSignal
  readonly execute?: typeof executeTrialInProcess
  /** Told before each trial. */
  readonly onTrial: (trial: { readonly arm: ArmName; readonly block: number; readonly rerun: boolean }) => void
  readonly onOutcome: (arm: ArmName, outcome: TrialOutcome) => void
}

export interface BlocksResult {
  /** In the order of execution, with block, set and order filled in. */
  readonly outcomes: readonly TrialOutcome[]
  /** Why the set ended before its time; `complete` when it did not. */
  readonly ending: Ending
}

/**
 * Executes blocks of two trials, one of each arm, in an order drawn for each block, so that a machine that grows slower or
 * faster meanwhile does the same to both arms.
 *
 * A block with an invalid trial is kept in the report and another is run in its place, a quarter of the blocks at most.
 * Any other end of a trial than a complete one ends the set, and so does a trial that cannot begin.
 *
 * @throws CodedError when the very first trial could not begin.
 */
export async function executeBlocks(options: BlocksOptions): Promise<BlocksResult> {
  const prng = new Prng(options.seed).fork('blocks')
  const execute = options.execute ?? executeTrialInProcess
  const outcomes: TrialOutcome[] = []
  const blocksMax = options.blocks + Math.ceil(options.blocks * RERUN_SHARE)
  let good = 0
  for (let block = 0; good < options.blocks && block < blocksMax; block++) {
    let valid = true
    for (const arm of drawOrder(prng, options.set, block)) {
      options.onTrial({ arm, block, rerun: block >= options.blocks })
      const outDir = join(options.outDir, `${options.set}-${String(block).padStart(2, '0')}-${arm}`)
      let outcome: TrialOutcome
      try {
        outcome = await execute({ ...options.arms[arm], outDir }, options.signal)
      } catch (error) {
        if (options.orderFrom + outcomes.length === 0) throw error
        return { outcomes, ending: endingOf(error, options.signal) }
      }
      const order = options.orderFrom + outcomes.length
      outcomes.push({ ...outcome, run: { ...outcome.run, arm, block, set: options.set, order } })
      options.onOutcome(arm, outcome)
      if (outcome.ending.kind !== 'complete') return { outcomes, ending: outcome.ending }
      valid &&= outcome.run.valid
    }
    if (valid) good++
  }
  return { outcomes, ending: { kind: 'complete' } }
}

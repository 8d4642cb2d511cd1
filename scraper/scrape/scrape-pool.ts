import type { TargetGroup } from '../discovery/target-group.ts'
import type { Labels } from '../model/index.ts'
import { type LoopContext, ScrapeLoop } from './scrape-loop.ts'
import { makeTarget, type Target } from './target.ts'
import type { ActiveTargetStatus, DroppedTargetStatus } from './target-status.ts'

/** What a pool remembers of one group, to tell what a new version of it changes. */
interface GroupState {
  readonly group: TargetGroup
  readonly targets: readonly Target[]
  readonly dropped: readonly Labels[]
  readonly droppedCount: number
}

interface ActiveTarget {
  readonly loop: ScrapeLoop
  /** In how many groups the target is: two may name the same one. */
  groupCount: number
}

/**
 * The targets of one job.
 *
 * Discovery tells what changed, group by group; only that is worked on, so that the cost of an update does not depend
 * on how many targets there are. Targets are the same while their labels after relabelling and their URL are: then the
 * loop goes on undisturbed, whatever else about them changed.
 */
export class ScrapePool {
  readonly #context: LoopContext
  readonly #groups = new Map<string, GroupState>()
  readonly #active = new Map<string, ActiveTarget>()
  #droppedCount = 0
  #isOverLimit = false
  /** The latest time at which series of this pool were ended. */
  #floorMs = 0

  constructor(context: LoopContext) {
    this.#context = context
  }

  get jobName(): string {
    return this.#context.config.jobName
  }

  get targetCount(): number {
    return this.#active.size
  }

  get droppedCount(): number {
    return this.#droppedCount
  }

  /** Latest version of every group, for the pool that replaces this one. */
  groups(): TargetGroup[] {
    return [...this.#groups.values()].map(state => state.group)
  }

  /** Series of former pools of the job ended then; new samples are later. */
  get floorMs(): number {
    return this.#floorMs
  }
  set floorMs(floorMs: number) {
    this.#floorMs = Math.max(this.#floorMs, floorMs)
  }

  /** Takes over new versions of groups. A group without targets is gone. */
  update(groups: readonly TargetGroup[]): void {
    const started: ScrapeLoop[] = []
    const nudged = new Set<ScrapeLoop>()
    const released: Target[] = []
    for (const group of groups) {
      const before = this.#groups.get(group.source)
      if (before !== undefined) {
        released.push(...before.targets)
        this.#droppedCount -= before.droppedCount
      }
      const state = this.#judge(group)
      if (group.targets.length === 0) this.#groups.delete(group.source)
      else this.#groups.set(group.source, state)
      this.#droppedCount += state.droppedCount
      for (const target of state.targets) this.#hold(target, started, nudged)
    }
    this.#release(released)
    const { metrics } = this.#context
    metrics.poolSyncs.cell(this.jobName).inc()
    metrics.poolTargets.cell(this.jobName).set(this.#active.size)
    metrics.targetsAdded.cell(this.jobName).inc(started.length)
    this.#checkTargetLimit()
    for (const loop of started) loop.start(this.#floorMs)
    for (const loop of nudged) loop.nudge()
  }

  /** Ends all loops. @param endsSeries false when the process stops: the targets live on without us. */
  stop(endsSeries: boolean): void {
    const loops = [...this.#active.values()].map(active => active.loop)
    this.#active.clear()
    this.#groups.clear()
    this.#droppedCount = 0
    if (endsSeries) this.#stopLoops(loops)
    else for (const loop of loops) loop.abandon()
    this.#context.metrics.poolTargets.cell(this.jobName).set(0)
  }

  *activeTargets(): Generator<ActiveTargetStatus> {
    for (const { loop } of this.#active.values()) yield loop.status()
  }

  *droppedTargets(): Generator<DroppedTargetStatus> {
    for (const { dropped } of this.#groups.values()) {
      for (const discoveredLabels of dropped) yield { scrapePool: this.jobName, discoveredLabels }
    }
  }

  #judge(group: TargetGroup): GroupState {
    const { config, log } = this.#context
    const targets: Target[] = []
    const dropped: Labels[] = []
    let droppedCount = 0
    const seen = new Set<string>()
    for (const own of group.targets) {
      const outcome = makeTarget(own, group.labels, config)
      if (outcome.kind === 'target') {
        // Within a group a target counts once.
        if (!seen.has(outcome.target.identity)) targets.push(outcome.target)
        seen.add(outcome.target.identity)
      } else if (outcome.kind === 'dropped') {
        droppedCount++
        const keep = config.keepDroppedTargets
        if (keep === 0 || this.#droppedCount + dropped.length < keep) dropped.push(outcome.discoveredLabels)
      } else {
        log('error', 'a discovered target cannot be scraped', {
          scrape_pool: config.jobName,
          source: group.source,
          error: outcome.problem,
        })
      }
    }
    return { group, targets, dropped, droppedCount }
  }

  #hold(target: Target, started: ScrapeLoop[], nudged: Set<ScrapeLoop>): void {
    const active = this.#active.get(target.identity)
    if (active !== undefined) {
      active.groupCount++
      if (!active.loop.target.discoveredLabels.equals(target.discoveredLabels)) nudged.add(active.loop)
      active.loop.target = target
      return
    }
    const loop = new ScrapeLoop(this.#context, target)
    this.#active.set(target.identity, { loop, groupCount: 1 })
    started.push(loop)
  }

  #release(targets: readonly Target[]): void {
    const stopped: ScrapeLoop[] = []
    for (const { identity } of targets) {
      const active = this.#active.get(identity)
      if (active === undefined || --active.groupCount > 0) continue
      this.#active.delete(identity)
      stopped.push(active.loop)
    }
    this.#stopLoops(stopped)
  }

  #stopLoops(loops: readonly ScrapeLoop[]): void {
    if (loops.length === 0) return
    const { appendable, log, metrics } = this.#context
    // One batch for all: a rolled deployment ends hundreds of targets at once.
    const appender = appendable.appender()
    for (const loop of loops) this.floorMs = loop.stop(appender)
    metrics.targetsRemoved.cell(this.jobName).inc(loops.length)
    try {
      appender.commit()
    } catch (error) {
      log('error', 'the end of series could not be stored', {
        scrape_pool: this.jobName,
        error: (error as Error).message,
      })
    }
  }

  #checkTargetLimit(): void {
    const { config, metrics } = this.#context
    const isOver = config.targetLimit > 0 && this.#active.size > config.targetLimit
    if (isOver) metrics.exceededTargetLimit.inc()
    if (!isOver && !this.#isOverLimit) return
    this.#isOverLimit = isOver
    const problem = isOver
      ? `target_limit exceeded (number of targets: ${this.#active.size}, limit: ${config.targetLimit})`
      : undefined
    for (const { loop } of this.#active.values()) loop.setForcedError(problem)
  }
}

import type { Prng } from '../../../base/index.ts'
import { draw } from './distribution.ts'
import { podName, templateHashOf } from './identity.ts'
import type { PodModel } from './model.ts'
import type { PodKeeper, PodLife } from './pod-life.ts'
import { scaledRate } from './rate.ts'
import { Workload, type WorkloadSite } from './workload.ts'

/** Pods that belong to one run. Those that a lost node took along begin again elsewhere. */
class JobRun implements PodKeeper {
  readonly model: PodModel
  readonly zoneLoad: number[] = []
  readonly #create: (job: JobRun) => PodLife
  readonly #onPodGone: (pod: PodLife) => void
  readonly #onDone: () => void
  #pods = 0

  /** @param onDone called when the last of its pods is gone. */
  constructor(
    model: PodModel,
    create: (job: JobRun) => PodLife,
    onPodGone: (pod: PodLife) => void,
    onDone: () => void = () => {},
  ) {
    this.model = model
    this.#create = create
    this.#onPodGone = onPodGone
    this.#onDone = onDone
  }

  run(pods: number, begin: (pod: PodLife) => void = pod => pod.start()): void {
    for (let i = 0; i < pods; i++) this.#add(begin)
  }

  onLost(_: PodLife, cause: 'life' | 'node'): void {
    if (cause === 'node') this.#add(pod => pod.start())
  }

  onGone(pod: PodLife): void {
    this.#onPodGone(pod)
    this.#pods--
    if (this.#pods === 0) this.#onDone()
  }

  #add(begin: (pod: PodLife) => void): void {
    this.#pods++
    begin(this.#create(this))
  }
}

/** Workloads that run something to its end, again and again. */
abstract class Batch extends Workload {
  protected newJob(name: string, onDone?: () => void): JobRun {
    return new JobRun(
      this.model,
      job => this.#createIn(job, name),
      pod => this.forget(pod),
      onDone,
    )
  }

  #createIn(job: JobRun, name: string): PodLife {
    const labels = { ...this.labels, 'batch.kubernetes.io/job-name': name, 'job-name': name }
    return this.createPod({ owner: `Job/${name}`, labels }, (prng, isTaken) => podName(prng, name, isTaken), job)
  }

  /** Calls `arrive` as the class's arrivals say; each of its workloads has its share of them. */
  protected arrivals(arrive: (prng: Prng) => void): void {
    const { index, workloadClass } = this.site
    const { workloads } = workloadClass
    const { perHour, burst, regular } = workloadClass.arrivals!
    const onArrival = (prng: Prng): void => {
      const count = burst === undefined ? 1 : Math.round(draw(burst, prng))
      for (let i = 0; i < count; i++) arrive(prng)
    }
    this.often(
      'arrivals',
      scaledRate(perHour, 1 / workloads),
      onArrival,
      regular === true ? (index + 1) / workloads : undefined,
    )
  }

  /** Its share of what runs already when the trace begins. */
  protected get initialCount(): number {
    const { index, workloadClass } = this.site
    const { initial, workloads } = workloadClass
    const pods = initial?.pods ?? 0
    return Math.floor((pods * (index + 1)) / workloads) - Math.floor((pods * index) / workloads)
  }
}

/** A Job at every tick. */
export class CronJob extends Batch {
  #runs = 0

  start(): void {
    const { world, prng, workloadClass } = this.site
    const { everyMs, offsetMs } = workloadClass.cron!
    this.apply()
    const own = prng.fork('cron')
    const offset = Math.round(offsetMs === undefined ? own.unit() * everyMs : draw(offsetMs, own))
    // The first tick that lies within the trace.
    const missed = Math.max(0, Math.ceil((world.dayOffsetMs - offset) / everyMs))
    this.#tickAt(offset + missed * everyMs - world.dayOffsetMs, everyMs)
  }

  #tickAt(atMs: number, everyMs: number): void {
    const { world, prng, name, workloadClass } = this.site
    world.at(atMs, () => {
      const pods = Math.round(draw(workloadClass.cron!.pods, prng.fork(`run/${this.#runs++}`)))
      this.newJob(`${name}-${Math.floor((world.dayOffsetMs + atMs) / 1000)}`).run(pods)
      this.#tickAt(atMs + everyMs, everyMs)
    })
  }
}

/** Jobs that somebody submits, and that are deleted with their pods. */
export class JobQueue extends Batch {
  #jobs = 0

  start(): void {
    const { initialCount } = this
    for (let i = 0; i < initialCount; i++) {
      const remainingMs = this.remainingMs()
      this.#submit(1, pod => pod.startRunning(remainingMs))
    }
    const { replicas } = this.site.workloadClass
    this.arrivals(prng => this.#submit(replicas === undefined ? 1 : Math.max(1, Math.round(draw(replicas, prng)))))
  }

  #submit(pods: number, begin?: (pod: PodLife) => void): void {
    const { world, namespace, name, workloadClass } = this.site
    const { annotations } = this.model
    const job = { kind: 'workload', namespace, name: `${name}-${this.#jobs++}`, type: workloadClass.kind } as const
    world.emit({
      ...job,
      op: 'applied',
      replicas: pods,
      labels: this.labels,
      ...(annotations === undefined ? {} : { annotations }),
      containers: this.containers,
    })
    this.newJob(job.name, () => world.emit({ ...job, op: 'deleted' })).run(pods, begin)
  }
}

/** Pods that come and go by themselves. */
export class PodStream extends Batch {
  readonly #owner: string | undefined

  constructor(site: WorkloadSite) {
    super(site)
    const { owner } = site.workloadClass
    const hash = owner === 'ReplicaSet' ? `-${templateHashOf(site.prng, 1)}` : ''
    this.#owner = owner === undefined ? undefined : `${owner}/${site.name}${hash}`
  }

  start(): void {
    const { initialCount } = this
    this.applyService()
    for (let i = 0; i < initialCount; i++) {
      const remainingMs = this.remainingMs()
      this.#create().startRunning(remainingMs)
    }
    this.arrivals(() => this.#create().start())
  }

  onGone(pod: PodLife): void {
    this.forget(pod)
  }

  #create(): PodLife {
    const { name } = this.site
    const owner = this.#owner
    return this.createPod({ ...(owner === undefined ? {} : { owner }), labels: this.labels }, (prng, isTaken) =>
      podName(prng, owner?.slice(owner.indexOf('/') + 1) ?? name, isTaken),
    )
  }
}

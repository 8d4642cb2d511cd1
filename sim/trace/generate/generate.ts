import { Prng } from '../../../base/index.ts'
import type { ChurnEvent } from '../churn-event.ts'
import { CronJob, JobQueue, PodStream } from './batch.ts'
import { Deployment } from './deployment.ts'
import { Names } from './identity.ts'
import { MachinePool } from './machine-pool.ts'
import type { TraceModel, WorkloadKind } from './model.ts'
import { DaemonSet, StatefulSet } from './slotted.ts'
import type { Workload, WorkloadSite } from './workload.ts'
import { World } from './world.ts'

const WORKLOADS: Readonly<Record<WorkloadKind, new (site: WorkloadSite) => Workload>> = {
  Deployment,
  StatefulSet,
  DaemonSet,
  CronJob,
  Job: JobQueue,
  Pod: PodStream,
}

/**
 * The events of a trace of this model, in order: first all that is there at time 0, running for long already, then what happens.
 *
 * A function of model and seed alone. Every node, workload and pod draws from a stream of its own. Memory is that of the
 * living objects and of what is planned for them, however long the trace is.
 */
export function* generateEvents(model: TraceModel, seed: string): Generator<readonly ChurnEvent[]> {
  const prng = new Prng(seed)
  const world = new World(model.durationMs, model.startHour)
  const machines = new MachinePool(world, prng.fork('nodes'), model.cluster)
  machines.start()
  yield world.take()
  const names = new Names(prng.fork('names'), model.namespaces)
  for (const workloadClass of model.classes) {
    for (let index = 0; index < workloadClass.workloads; index++) {
      const own = prng.fork(`${workloadClass.name}/${index}`)
      const namespace = workloadClass.namespace ?? own.fork('namespace').pick(names.namespaces)
      const name = names.workload(own, namespace)
      new WORKLOADS[workloadClass.kind]({ world, machines, prng: own, namespace, name, workloadClass, index }).start()
      yield world.take()
    }
  }
  for (;;) {
    const events = world.step()
    if (events === undefined) return
    if (events.length > 0) yield events
  }
}

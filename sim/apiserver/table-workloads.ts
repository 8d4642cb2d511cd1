import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import {
  ControllerRevisions,
  CronJobs,
  DaemonSets,
  Deployments,
  formatLabelSelector,
  Jobs,
  PodDisruptionBudgets,
  ReplicaSets,
  StatefulSets,
} from '../cluster/index.ts'
import { ageOf, humanDuration } from './human-duration.ts'
import { age, layout, type LayoutOfKind, NONE, selectorCell, templateCells, UNSET } from './table-layout.ts'

/** A job's conditions in the order in which they overrule each other; deletion stands between the first two and the rest. */
const ENDED = ['Complete', 'Failed']
const ENDING = ['Suspended', 'FailureTarget', 'SuccessCriteriaMet']

export const WORKLOAD_TABLES: readonly LayoutOfKind[] = [
  [
    Deployments,
    layout<Deployment>(
      ['Name', 'Ready', 'Up-to-date#', 'Available#', 'Age', 'Containers*', 'Images*', 'Selector*'],
      ({ metadata, spec, status }, nowMs) => [
        metadata.name,
        `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
        status?.updatedReplicas ?? 0,
        status?.availableReplicas ?? 0,
        ageOf(metadata.creationTimestamp, nowMs),
        ...templateCells(spec?.template?.spec),
        formatLabelSelector(spec?.selector),
      ],
    ),
  ],
  [
    ReplicaSets,
    layout<ReplicaSet>(
      ['Name', 'Desired#', 'Current#', 'Ready#', 'Age', 'Containers*', 'Images*', 'Selector*'],
      ({ metadata, spec, status }, nowMs) => [
        metadata.name,
        spec?.replicas ?? 0,
        status?.replicas ?? 0,
        status?.readyReplicas ?? 0,
        ageOf(metadata.creationTimestamp, nowMs),
        ...templateCells(spec?.template?.spec),
        formatLabelSelector(spec?.selector),
      ],
    ),
  ],
  [
    StatefulSets,
    layout<StatefulSet>(['Name', 'Ready', 'Age', 'Containers*', 'Images*'], (set, nowMs) => [
      set.metadata.name,
      `${set.status?.readyReplicas ?? 0}/${set.spec?.replicas ?? 0}`,
      age(set, nowMs),
      ...templateCells(set.spec?.template?.spec),
    ]),
  ],
  [
    DaemonSets,
    layout<DaemonSet>(
      [
        'Name',
        'Desired#',
        'Current#',
        'Ready#',
        'Up-to-date#',
        'Available#',
        'Node Selector',
        'Age',
        'Containers*',
        'Images*',
        'Selector*',
      ],
      (set, nowMs) => [
        set.metadata.name,
        set.status?.desiredNumberScheduled ?? 0,
        set.status?.currentNumberScheduled ?? 0,
        set.status?.numberReady ?? 0,
        set.status?.updatedNumberScheduled ?? 0,
        set.status?.numberAvailable ?? 0,
        selectorCell({ matchLabels: set.spec?.template?.spec?.nodeSelector ?? {} }),
        age(set, nowMs),
        ...templateCells(set.spec?.template?.spec),
        selectorCell(set.spec?.selector),
      ],
    ),
  ],
  [
    ControllerRevisions,
    layout<ControllerRevision>(['Name', 'Controller', 'Revision', 'Age'], (revision, nowMs) => [
      revision.metadata.name,
      controllerOf(revision),
      revision.revision,
      age(revision, nowMs),
    ]),
  ],
  [
    Jobs,
    layout<Job>(
      ['Name', 'Status', 'Completions', 'Duration', 'Age', 'Containers*', 'Images*', 'Selector*'],
      (job, nowMs) => [
        job.metadata.name,
        jobStatus(job),
        completions(job),
        jobDuration(job, nowMs),
        age(job, nowMs),
        ...templateCells(job.spec?.template?.spec),
        selectorCell(job.spec?.selector),
      ],
    ),
  ],
  [
    CronJobs,
    layout<CronJob>(
      [
        'Name',
        'Schedule',
        'Timezone',
        'Suspend?',
        'Active#',
        'Last Schedule',
        'Age',
        'Containers*',
        'Images*',
        'Selector*',
      ],
      (cronJob, nowMs) => {
        const { metadata, spec, status } = cronJob
        const last = status?.lastScheduleTime
        return [
          metadata.name,
          spec?.schedule ?? '',
          spec?.timeZone ?? NONE,
          spec?.suspend === undefined ? UNSET : spec.suspend ? 'True' : 'False',
          (status?.active ?? []).length,
          last === undefined ? NONE : ageOf(last, nowMs),
          age(cronJob, nowMs),
          ...templateCells(spec?.jobTemplate?.spec?.template?.spec),
          selectorCell(spec?.jobTemplate?.spec?.selector),
        ]
      },
    ),
  ],
  [
    PodDisruptionBudgets,
    layout<PodDisruptionBudget>(
      ['Name', 'Min Available', 'Max Unavailable', 'Allowed Disruptions#', 'Age'],
      (budget, nowMs) => [
        budget.metadata.name,
        String(budget.spec?.minAvailable ?? 'N/A'),
        String(budget.spec?.maxUnavailable ?? 'N/A'),
        budget.status?.disruptionsAllowed ?? 0,
        age(budget, nowMs),
      ],
    ),
  ],
]

function controllerOf({ metadata }: ControllerRevision): string {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true)
  if (owner === undefined) return NONE
  const [group] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : ['']
  return `${owner.kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${owner.name}`
}

function jobStatus({ metadata, status }: Job): string {
  const holds = (type: string): boolean =>
    status?.conditions?.find(condition => condition.type === type)?.status === 'True'
  const ended = ENDED.find(holds)
  if (ended !== undefined) return ended
  if (metadata?.deletionTimestamp !== undefined) return 'Terminating'
  return ENDING.find(holds) ?? 'Running'
}

function completions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`
  const parallelism = spec?.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function jobDuration({ status }: Job, nowMs: number): string {
  if (status?.startTime === undefined) return ''
  const endMs = status.completionTime === undefined ? nowMs : Date.parse(status.completionTime)
  return humanDuration((endMs - Date.parse(status.startTime)) / 1000)
}

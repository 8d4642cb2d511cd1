import type { ChurnEvent, PodEvent } from '../churn-event.ts'
import { bytesOf } from '../input-bytes.ts'
import { Conversion } from './conversion.ts'
import type { Converter } from './converter.ts'
import { type CsvRow, csvRows } from './csv-rows.ts'
import { OpenbMachines, type OpenbNode, type OpenbRequest } from './openb-machines.ts'
import { TimeSorter } from './time-sorter.ts'
import { TraceError } from '../errors.ts'

const NAMESPACE = 'openb'
const POD_COLUMNS = [
  'name',
  'cpu_milli',
  'memory_mib',
  'num_gpu',
  'gpu_milli',
  'gpu_spec',
  'qos',
  'pod_phase',
  'creation_time',
  'deletion_time',
  'scheduled_time',
]
const NODE_COLUMNS = ['sn', 'cpu_milli', 'memory_mib', 'gpu', 'model']
const PHASES = ['Running', 'Pending', 'Succeeded', 'Failed', 'Unknown']

/** A beginning or an end in the life of a pod. */
interface Step extends OpenbRequest {
  readonly t: number
  readonly rank: number
  readonly op: 'created' | 'scheduled' | 'deleted'
  /** Where the pod stands in the file: two of the same name are told apart by it. */
  readonly line: number
  readonly name: string
  readonly qos: string
  readonly phase: string
}

/**
 * Pod and node lists of Alibaba's GPU cluster (openb, 2023): CSV, times in seconds. The list does not say where a pod ran:
 * scheduled pods are placed on the first node, from one that is drawn on, that has room and the kind of GPU. Pods need not be
 * in order: their steps are sorted, in bounded memory.
 */
export const fromOpenb: Converter = {
  options: ['nodesFile'],
  async *events({ bytes, conversion, options, prng, scratchDir }) {
    if (options.nodesFile === undefined) {
      throw new TraceError('CHURN_TRACE_OPTIONS', 'openb lists nodes in a file of their own; name it with --nodes-file')
    }
    const nodes = await readNodes(options.nodesFile, conversion)
    const sorter = new TimeSorter<Step>(scratchDir)
    try {
      for await (const row of csvRows(bytes, conversion, judgeColumns(POD_COLUMNS))) {
        const steps = stepsOf(row, conversion)
        if (steps.length > 0) conversion.read('pods')
        for (const step of steps) await sorter.add(step)
      }
      yield nodes.map(({ name, gpus, model }) => {
        const labels = gpus === 0 ? {} : { 'nvidia.com/gpu.count': String(gpus), 'nvidia.com/gpu.product': model }
        return { t: 0, kind: 'node', op: 'added', name, labels }
      })
      const placed = new Placement(new OpenbMachines(nodes, prng.fork('openb')), conversion)
      let startMs: number | undefined
      for await (const steps of sorter.sorted()) {
        startMs ??= steps[0]!.t
        yield steps.flatMap(step => placed.take(step, step.t - startMs!))
      }
    } finally {
      sorter.close()
    }
  },
}

async function readNodes(path: string, conversion: Conversion): Promise<OpenbNode[]> {
  const own = new Conversion(path, conversion.lenient)
  const nodes: OpenbNode[] = []
  const names = new Set<string>()
  for await (const { line, fields } of csvRows(await bytesOf(path), own, judgeColumns(NODE_COLUMNS))) {
    const name = fields.get('sn')!
    const numbers = ['cpu_milli', 'memory_mib', 'gpu'].map(column => wholeNumber(fields.get(column)!))
    const [cpuMilli, memoryMib, gpus] = numbers
    if (name === '' || cpuMilli === undefined || memoryMib === undefined || gpus === undefined || gpus > 64) {
      own.fault(`line ${line}`, 'a node needs sn, and whole numbers of cpu_milli, memory_mib and gpu (at most 64)')
    } else if (names.has(name)) {
      own.fault(`line ${line}`, `node ${name} is there already`)
    } else {
      names.add(name)
      nodes.push({ name, cpuMilli, memoryMib, gpus, model: fields.get('model')! })
    }
  }
  conversion.read('nodes', nodes.length)
  for (const { reason, count, examples } of own.summary.leftOut) {
    conversion.leaveOut(`${reason} in the list of nodes`, examples[0], count)
  }
  return nodes
}

function judgeColumns(known: readonly string[]): (columns: readonly string[]) => string | undefined {
  return columns => {
    const missing = known.filter(name => !columns.includes(name))
    return missing.length === 0
      ? undefined
      : `there is no column ${missing.join(', ')}; columns are ${columns.join(', ')}`
  }
}

/** In the order of ties: whoever leaves makes room for those who come. */
function stepsOf({ line, fields }: CsvRow, conversion: Conversion): Step[] {
  const fault = (sentence: string): Step[] => {
    conversion.fault(`line ${line}`, sentence)
    return []
  }
  const name = fields.get('name')!
  if (name === '') return fault('the pod has no name')
  const numbers: Record<string, number | undefined> = {}
  for (const column of ['cpu_milli', 'memory_mib', 'num_gpu', 'gpu_milli', 'creation_time']) {
    numbers[column] = wholeNumber(fields.get(column)!)
    if (numbers[column] === undefined) {
      return fault(`${column} is ${JSON.stringify(fields.get(column))} where a whole number is expected`)
    }
  }
  for (const column of ['deletion_time', 'scheduled_time']) {
    const text = fields.get(column)!
    numbers[column] = wholeNumber(text)
    if (text !== '' && numbers[column] === undefined) {
      return fault(`${column} is ${JSON.stringify(text)} where a whole number or nothing is expected`)
    }
  }
  const phase = fields.get('pod_phase')!
  if (!PHASES.includes(phase)) return fault(`pod_phase is ${JSON.stringify(phase)}; known are ${PHASES.join(', ')}`)
  const { creation_time: createdS, scheduled_time: scheduledS, deletion_time: deletedS } = numbers
  if ((scheduledS ?? createdS!) < createdS! || (deletedS ?? Infinity) < (scheduledS ?? createdS!)) {
    return fault(`impossible times: created ${createdS}, scheduled ${scheduledS ?? '-'}, deleted ${deletedS ?? '-'} s`)
  }
  const models = fields.get('gpu_spec')!.split('|').filter(Boolean)
  const pod = {
    line,
    name,
    cpuMilli: numbers['cpu_milli']!,
    memoryMib: numbers['memory_mib']!,
    gpus: numbers['num_gpu']!,
    gpuMilli: numbers['gpu_milli']!,
    models,
    qos: fields.get('qos')!,
    phase,
  }
  // One that leaves within the second in which it came must have come before.
  const isBrief = deletedS === (scheduledS ?? createdS)
  return [
    { ...pod, op: 'created', t: createdS! * 1000, rank: 1 },
    ...(scheduledS === undefined ? [] : [{ ...pod, op: 'scheduled', t: scheduledS * 1000, rank: 2 } as const]),
    ...(deletedS === undefined ? [] : [{ ...pod, op: 'deleted', t: deletedS * 1000, rank: isBrief ? 3 : 0 } as const]),
  ]
}

/** Makes events of the steps, in order of time. */
class Placement {
  readonly #machines: OpenbMachines
  readonly #conversion: Conversion
  /** Lines of the pods that are there, by name. */
  readonly #lines = new Map<string, number>()

  constructor(machines: OpenbMachines, conversion: Conversion) {
    this.#machines = machines
    this.#conversion = conversion
  }

  take(step: Step, t: number): ChurnEvent[] {
    const { op, line, name, qos, phase } = step
    const known = this.#lines.get(name)
    if (op === 'created' && known !== undefined) {
      this.#conversion.leaveOut(
        'pods with the name of one that is there',
        `line ${line}: ${name} is there since line ${known}`,
      )
    }
    if (op !== 'created' && known !== line) return []
    const pod = (op: PodEvent['op']): PodEvent => ({ t, kind: 'pod', op, namespace: NAMESPACE, name, uid: name })
    if (op === 'created') {
      if (known !== undefined) return []
      this.#lines.set(name, line)
      return [
        {
          ...pod('created'),
          labels: { app: 'openb', ...(qos === '' ? {} : { qos }) },
          containers: [{ name: 'main', ports: [] }],
        },
      ]
    }
    if (op === 'scheduled') {
      const node = this.#machines.place(step)
      if (node === undefined) {
        this.#conversion.leaveOut('scheduled pods for which no node has room: they stay unbound', name)
        return []
      }
      this.#conversion.infer(
        'pods placed on the first node with room, ready when they were scheduled, ended when deleted',
      )
      return [{ ...pod('bound'), node }, pod('addressed'), pod('ready')]
    }
    this.#lines.delete(name)
    const ran = this.#machines.release(name)
    const isEnded = phase === 'Succeeded' || phase === 'Failed'
    const end: PodEvent['op'] = phase === 'Succeeded' ? 'succeeded' : 'failed'
    return [...(ran ? [pod('not-ready')] : []), ...(isEnded ? [pod(end)] : []), pod('deleted')]
  }
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}(\.0+)?$/.test(text) ? Number(text) : undefined
}

// The pod and node lists of openb: pods are placed where they have room.
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import type { ChurnEvent } from '../../../../sim/trace/index.ts'
import { NEEDS_PEER_TRACES, peerTrace } from '../../../support/peer-traces.ts'
import { brief, convert, file, leftOut } from './converting.ts'

const PODS =
  'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time'
const NODES = 'sn,cpu_milli,memory_mib,gpu,model'
const nodesFile = file(`${NODES}\ncpu,4000,8192,0,\nv100,8000,16384,2,V100\nt4,8000,16384,1,T4\n`)

function pods(...rows: string[]): string {
  return file(`${PODS}\n${rows.join('\n')}`)
}

void t.test('pods live as the list says, in order of time whatever the order of rows', async t => {
  const path = pods(
    'late,1000,1024,0,0,,LS,Succeeded,100,150,110',
    'early,1000,1024,0,0,,BE,Failed,10,60,20',
    'never,1000,1024,0,0,,LS,Pending,15,30,',
    'brief,1000,1024,0,0,,,Running,40,40,40',
    'stays,1000,1024,0,0,,LS,Running,50,,50',
  )
  const { events, header, report } = await convert(path, { nodesFile })
  t.same(brief(events.slice(3)), [
    '0 pod created early',
    '5000 pod created never',
    '10000 pod bound early cpu',
    '10000 pod addressed early',
    '10000 pod ready early',
    '20000 pod deleted never',
    '30000 pod created brief',
    '30000 pod bound brief cpu',
    '30000 pod addressed brief',
    '30000 pod ready brief',
    '30000 pod not-ready brief',
    '30000 pod deleted brief',
    '40000 pod created stays',
    '40000 pod bound stays cpu',
    '40000 pod addressed stays',
    '40000 pod ready stays',
    '50000 pod not-ready early',
    '50000 pod failed early',
    '50000 pod deleted early',
    '90000 pod created late',
    '100000 pod bound late cpu',
    '100000 pod addressed late',
    '100000 pod ready late',
    '140000 pod not-ready late',
    '140000 pod succeeded late',
    '140000 pod deleted late',
  ])
  t.match(events[1], { name: 'v100', labels: { 'nvidia.com/gpu.count': '2', 'nvidia.com/gpu.product': 'V100' } })
  t.match(events[3], { namespace: 'openb', labels: { app: 'openb', qos: 'BE' } })
  t.equal(header.start, undefined)
  t.same(report.read, { nodes: 3, pods: 5 })
})

void t.test('a pod gets the kind of GPU that it asks for, shared where it asks for a part', async t => {
  const path = pods(
    'a,1000,1024,1,500,V100,LS,Running,0,100,0',
    'b,1000,1024,1,500,V100,LS,Running,1,100,1',
    'whole,1000,1024,1,1000,V100|G2,LS,Running,2,100,2',
    'toomuch,1000,1024,1,100,V100,LS,Running,3,100,3',
    'again,1000,1024,2,1000,V100,LS,Running,100,200,100',
    'any,1000,1024,1,1000,,LS,Running,101,200,101',
    'huge,64000,1024,0,0,,LS,Running,102,200,102',
  )
  for (const seed of ['1', '2', '3']) {
    const { events, report } = await convert(path, { nodesFile, seed })
    const bound = Object.fromEntries(
      events.flatMap(event => (event.kind === 'pod' && event.op === 'bound' ? [[event.name, event.node]] : [])),
    )
    t.same(bound, { a: 'v100', b: 'v100', whole: 'v100', again: 'v100', any: 't4' })
    t.same(leftOut(report), { 'scheduled pods for which no node has room: they stay unbound': 2 })
  }
})

void t.test('what is wrong is told with its line, or counted', async t => {
  const bad = pods(
    'ok,1000,1024,0,0,,LS,Running,0,10,0',
    'when,1000,1024,0,0,,LS,Running,soon,10,0',
    'ends,1000,1024,0,0,,LS,Running,10,5,10',
    'phase,1000,1024,0,0,,LS,Walking,10,50,10',
    'short,1000',
    'quote,"10"00,1024,0,0,,LS,Running,5,20,6',
    'open,"1000,1024,0,0,,LS,Running,5,20,6',
    '"quoted","1000",1024,0,0,,LS,Running,5,20,6',
    'ok,1000,1024,0,0,,LS,Running,5,20,6',
  )
  await t.rejects(convert(bad, { nodesFile }), {
    code: 'CHURN_TRACE_CONVERT',
    message: /line 3: creation_time is "soon"/,
  })
  const { report } = await convert(bad, { nodesFile, lenient: true })
  t.same(leftOut(report), { malformed: 6, 'pods with the name of one that is there': 1 })
  t.match(report.leftOut[0]!.examples.join('\n'), /line 4: impossible times: created 10, scheduled 10, deleted 5 s/)
  t.match(report.written.byOp, { 'pod created': 2, 'pod deleted': 2 })
  await t.rejects(convert(pods()), { code: 'CHURN_TRACE_OPTIONS', message: /--nodes-file/ })
  await t.rejects(convert(pods(), { nodesFile: pods() }), /no column sn, gpu, model/)
  await t.rejects(convert(pods(), { nodesFile: '/nowhere.csv' }), { code: 'CHURN_TRACE_FILE' })
  await t.rejects(
    convert(pods(), { nodesFile: file(`${NODES}\nn,1,1,0,\nn,1,1,0,\n`) }),
    /line 3: node n is there already/,
  )
})

void t.test('the sample: every pod, and no node beyond its size', NEEDS_PEER_TRACES, async t => {
  const podFile = peerTrace('openb-gpu-v2023', 'openb_pod_list_default.csv')
  const nodeFile = peerTrace('openb-gpu-v2023', 'openb_node_list_all_node.csv')
  const { events, header, report } = await convert(podFile, { nodesFile: nodeFile })
  const rows = parse(readFileSync(podFile), { columns: true }) as Record<string, string>[]
  const machines = parse(readFileSync(nodeFile), { columns: true }) as Record<string, string>[]
  t.equal(rows.length, 8152)
  t.equal(machines.length, 1523)
  const scheduled = rows.filter(row => row['scheduled_time'] !== '').length
  const ofPhase = (phase: string): number => rows.filter(row => row['pod_phase'] === phase).length
  t.same(report.written.byOp, {
    'node added': 1523,
    'pod created': 8152,
    'pod bound': scheduled,
    'pod addressed': scheduled,
    'pod ready': scheduled,
    'pod not-ready': scheduled,
    'pod failed': ofPhase('Failed'),
    'pod succeeded': ofPhase('Succeeded'),
    'pod deleted': 8152,
  })
  t.same([ofPhase('Failed'), ofPhase('Succeeded'), ofPhase('Pending')], [1870, 192, 897])
  t.same(report.leftOut, [])
  t.equal(header.durationMs, 1000 * Math.max(...rows.map(row => Number(row['deletion_time']))))

  const times = new Map(
    events.filter(event => event.kind === 'pod').map(event => [`${event.name} ${event.op}`, event.t]),
  )
  const wrong = rows.filter(
    row =>
      times.get(`${row['name']} created`) !== Number(row['creation_time']) * 1000 ||
      times.get(`${row['name']} deleted`) !== Number(row['deletion_time']) * 1000 ||
      (times.get(`${row['name']} bound`) ?? '') !==
        (row['scheduled_time'] === '' ? '' : Number(row['scheduled_time']) * 1000),
  )
  t.same(wrong, [], 'at their times')
  t.same(overfull(events, rows, machines), [])

  const again = await convert(podFile, { nodesFile: nodeFile })
  t.equal(again.header.sha256, header.sha256, 'the same seed, the same trace')
  const other = await convert(podFile, { nodesFile: nodeFile, seed: '2' })
  t.not(other.header.sha256, header.sha256)
})

/** Nodes that had more on them than they have, reckoned from the trace alone; of GPUs the sum. */
function overfull(
  events: readonly ChurnEvent[],
  rows: readonly Record<string, string>[],
  machines: readonly Record<string, string>[],
): string[] {
  const need = new Map(
    rows.map(row => {
      const gpu = Number(row['num_gpu']) * Number(row['gpu_milli'])
      return [row['name']!, [Number(row['cpu_milli']), Number(row['memory_mib']), gpu]]
    }),
  )
  const free = new Map(
    machines.map(row => [row['sn']!, [Number(row['cpu_milli']), Number(row['memory_mib']), 1000 * Number(row['gpu'])]]),
  )
  const nodeOf = new Map<string, string>()
  const out: string[] = []
  for (const event of events) {
    if (event.kind !== 'pod') continue
    if (event.op === 'bound') nodeOf.set(event.name, event.node!)
    if (event.op !== 'bound' && event.op !== 'deleted') continue
    const node = nodeOf.get(event.name)
    if (node === undefined) continue
    const sign = event.op === 'bound' ? -1 : 1
    const left = free.get(node)!.map((value, i) => value + sign * need.get(event.name)![i]!)
    free.set(node, left)
    if (left.some(value => value < 0)) out.push(`${node} at ${event.t} ms`)
  }
  return out
}

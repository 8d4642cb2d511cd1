// Compares our server-side apply (sim/managed-fields) with Kubernetes' own: several people apply and update one object at
// random, here and in a Go program that uses Kubernetes' field manager (field-manager/main.go), and after each step the
// object, who manages what of it, and the conflicts must be the same.
//
//   npm run build && node scripts/schema/compare-apply.mjs [sequences] [seed]
//
// Needs Go, and its modules of Kubernetes, which it fetches into the cache folder. Times are not compared.
import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { isDeepStrictEqual } from 'node:util'
import { Prng } from '../../build/base/index.js'
import { cacheFolder } from '../../build/harness/peers/index.js'
import { afterUpdate, apply, ConflictError } from '../../build/sim/managed-fields/index.js'
import { definitionOfKind, schemaNamed } from '../../build/sim/schema/index.js'

const MODULES = ['k8s.io/client-go@v0.37.2', 'k8s.io/apimachinery@v0.37.2']
const MANAGERS = ['a', 'b', 'c']
const STEPS = 12

async function runSequence(draw, index) {
  const kind = pick(draw, KINDS)
  const schema = schemaNamed(definitionOfKind(kind.group, kind.version, kind.kind))
  let live
  const story = []
  for (let i = 0; i < STEPS; i++) {
    const op = chance(draw, 2, 3) ? 'apply' : 'update'
    const manager = pick(draw, MANAGERS)
    const force = chance(draw, 1, 2)
    const wanted = kind.draw(draw)
    const object = op === 'update' && live !== undefined ? blend(draw, bare(live), wanted) : wanted
    const step = { new: live === undefined, op, manager, force, object }
    story.push(step)
    const theirs = await kubernetes.ask(step)
    const ours = doStep(schema, kind, live, step)
    steps++
    if (ours.conflicts !== undefined) conflicts++
    const [left, right] = [comparable(theirs), comparable(ours)]
    if (!isDeepStrictEqual(left, right)) {
      process.stderr.write(
        `sequence ${index}, step ${i + 1}: not the same\n${story.map(each => JSON.stringify(each)).join('\n')}\n` +
          `Kubernetes: ${JSON.stringify(left, null, 1)}\nours: ${JSON.stringify(right, null, 1)}\n`,
      )
      process.exit(1)
    }
    if (ours.object !== undefined) live = ours.object
    // A first step that fails leaves nothing, also there.
  }
}

function doStep(schema, kind, live, { op, manager, force, object }) {
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
  const workflow = { manager, operation: op === 'apply' ? 'Apply' : 'Update', apiVersion, subresource: '' }
  const track = { now: '2026-01-01T00:00:00Z', isBuiltIn: true }
  if (op === 'update') return { object: withManagers(object, afterUpdate(schema, live, object, workflow, track)) }
  try {
    const applied = apply(schema, live, object, workflow, { ...track, force })
    return { object: withManagers(applied.object, applied.managedFields) }
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    return {
      conflicts: error.conflicts.map(({ workflow: { manager: other, operation }, path }) =>
        operation === 'Update'
          ? `conflict with "${other}" using ${apiVersion}: ${path}`
          : `conflict with "${other}": ${path}`,
      ),
    }
  }
}

function withManagers(object, managedFields) {
  return { ...object, metadata: { ...object.metadata, managedFields } }
}

function bare(object) {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** What both tell in the same words: Go writes out empty structs, and we do not; which of both is no difference. */
function comparable({ object, conflicts: found, error }) {
  if (error !== undefined) return { error }
  if (found !== undefined) return { conflicts: found.toSorted() }
  const { managedFields = [], uid: _, ...metadata } = object.metadata
  return {
    object: pruned({ ...object, metadata }),
    managed: managedFields.map(({ time: _time, ...entry }) => JSON.stringify(sorted(entry))).sort(),
  }
}

function sorted(value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map(key => [key, sorted(value[key])]),
  )
}

function pruned(value) {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(item => pruned(item) ?? {})
  if (value === null) return undefined
  if (typeof value !== 'object') return value
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, pruned(inner)])
    // Go has a zero where a port's target is taken out; the server fills it in again.
    .filter(([key, inner]) => inner !== undefined && !(key === 'targetPort' && inner === 0))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

// What is drawn. Few names and values, so that people meet.

function chance(draw, n, of) {
  return draw.below(of) < n
}

function pick(draw, values) {
  return values[draw.below(values.length)]
}

/** At least one of them: Kubernetes' types drop most lists and maps that are empty, and ours are not read by them here. */
function some(draw, values) {
  const sure = draw.below(values.length)
  return values.filter((_, i) => i === sure || chance(draw, 1, 2))
}

/** Some of these fields; a field is a value or a function that draws it. */
function fields(draw, all) {
  const names = Object.keys(all).filter(() => chance(draw, 1, 2))
  return Object.fromEntries(names.map(name => [name, typeof all[name] === 'function' ? all[name]() : all[name]]))
}

const labelsOf = draw => Object.fromEntries(some(draw, ['x', 'y']).map(name => [name, pick(draw, ['1', '2'])]))

function containerOf(draw, name) {
  return {
    name,
    ...fields(draw, {
      image: () => pick(draw, ['i:1', 'i:2']),
      command: () => some(draw, ['sh', '-c']),
      env: () => some(draw, ['A', 'B']).map(each => ({ name: each, value: pick(draw, ['1', '2']) })),
      ports: () =>
        some(draw, [
          { containerPort: 80, protocol: 'TCP' },
          { containerPort: 80, protocol: 'UDP' },
          { containerPort: 81 },
        ]).map(port => ({ ...port, ...fields(draw, { hostPort: () => pick(draw, [1, 2]) }) })),
      resources: () =>
        fields(draw, { limits: () => ({ cpu: '1', ...fields(draw, { memory: '1Gi' }) }), requests: { cpu: '1' } }),
      livenessProbe: () => ({ httpGet: { port: pick(draw, [80, 'http']) }, ...fields(draw, { periodSeconds: 5 }) }),
      securityContext: () => fields(draw, { privileged: true, capabilities: () => ({ add: some(draw, ['X', 'Y']) }) }),
    }),
  }
}

const PREFERENCE = [{ weight: 1, podAffinityTerm: { topologyKey: 'zone' } }]

function podOf(draw) {
  const names = some(draw, ['one', 'two', 'three'])
  if (chance(draw, 1, 3)) names.reverse()
  return fields(draw, {
    containers: () => names.map(name => containerOf(draw, name)),
    volumes: () =>
      some(draw, ['v', 'w']).map(name => ({
        name,
        ...pick(draw, [{ emptyDir: { medium: 'Memory' } }, { configMap: { name: 'c' } }]),
      })),
    nodeSelector: () => labelsOf(draw),
    tolerations: () => some(draw, [{ key: 'a', operator: 'Exists' }, { key: 'b' }]),
    securityContext: () => fields(draw, { runAsUser: 1, supplementalGroups: () => some(draw, [1, 2]) }),
    affinity: () => ({ podAffinity: fields(draw, { preferredDuringSchedulingIgnoredDuringExecution: PREFERENCE }) }),
    imagePullSecrets: () => some(draw, [{ name: 'p' }, { name: 'q' }]),
    hostNetwork: true,
  })
}

function metaOf(draw) {
  return {
    name: 'web',
    ...fields(draw, {
      labels: () => labelsOf(draw),
      annotations: () => labelsOf(draw),
      finalizers: () => some(draw, ['a.b/1', 'a.b/2', 'a.b/3']),
    }),
  }
}

const KINDS = [
  {
    group: 'apps',
    version: 'v1',
    kind: 'Deployment',
    draw: draw => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metaOf(draw),
      spec: fields(draw, {
        replicas: () => draw.below(3),
        minReadySeconds: () => pick(draw, [1, 2]),
        paused: true,
        selector: () => ({ matchLabels: labelsOf(draw) }),
        strategy: () => ({
          type: 'RollingUpdate',
          ...fields(draw, {
            rollingUpdate: () => fields(draw, { maxSurge: () => pick(draw, [1, '25%']), maxUnavailable: 0 }),
          }),
        }),
        template: () =>
          fields(draw, { metadata: () => fields(draw, { labels: () => labelsOf(draw) }), spec: () => podOf(draw) }),
      }),
    }),
  },
  {
    group: '',
    version: 'v1',
    kind: 'Pod',
    draw: draw => ({ apiVersion: 'v1', kind: 'Pod', metadata: metaOf(draw), spec: podOf(draw) }),
  },
  {
    group: '',
    version: 'v1',
    kind: 'Service',
    draw: draw => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metaOf(draw),
      spec: fields(draw, {
        selector: () => labelsOf(draw),
        type: () => pick(draw, ['ClusterIP', 'NodePort']),
        externalIPs: () => some(draw, ['1.1.1.1', '2.2.2.2']),
        ports: () =>
          some(draw, [{ port: 80 }, { port: 80, protocol: 'UDP' }, { port: 443 }]).map(port => ({
            ...port,
            // Always there, since the server fills it in.
            targetPort: pick(draw, [1, 'x']),
            ...fields(draw, { name: () => pick(draw, ['m', 'n']) }),
          })),
        sessionAffinityConfig: () => ({ clientIP: fields(draw, { timeoutSeconds: 5 }) }),
      }),
    }),
  },
]

/** The next version by an update: of each field the one, the other, or both together. */
function blend(draw, current, wanted) {
  const out = {}
  for (const key of new Set([...Object.keys(current), ...Object.keys(wanted)])) {
    const [left, right] = [current[key], wanted[key]]
    const isBoth = isMap(left) && isMap(right)
    const value = isBoth && chance(draw, 3, 4) ? blend(draw, left, right) : chance(draw, 2, 3) ? (left ?? right) : right
    if (value !== undefined) out[key] = value
  }
  return out
}

function isMap(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function startKubernetes() {
  const folder = join(cacheFolder(), 'build', 'field-manager')
  mkdirSync(folder, { recursive: true })
  copyFileSync(new URL('field-manager/main.go', import.meta.url), join(folder, 'main.go'))
  writeFileSync(join(folder, 'go.mod'), 'module churnbench.local/field-manager\n')
  const env = { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=mod -buildvcs=false' }
  const options = { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] }
  execFileSync('go', ['get', ...MODULES], options)
  execFileSync('go', ['build', '-o', 'field-manager', '.'], options)
  const child = spawn(join(folder, 'field-manager'), { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    ask: async step => {
      child.stdin.write(`${JSON.stringify(step)}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new Error('the Go program has ended')
      return JSON.parse(value)
    },
    end: () => child.stdin.end(),
  }
}

const [sequences = '300', seed = '1'] = process.argv.slice(2)
process.stdout.write(`node scripts/schema/compare-apply.mjs ${sequences} ${seed}\n`)
const prng = new Prng(seed)
const kubernetes = startKubernetes()

let steps = 0
let conflicts = 0
for (let i = 0; i < Number(sequences); i++) await runSequence(prng.fork(`sequence/${i}`), i)
kubernetes.end()
process.stdout.write(
  `${sequences} sequences of ${STEPS} steps, ${steps} steps compared, ${conflicts} of them conflicts\n`,
)

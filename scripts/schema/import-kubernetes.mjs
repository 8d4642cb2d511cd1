// Condenses Kubernetes' own published definitions to what the simulated API server needs of them (sim/schema/data):
//
//   openapi.jsonl    one line for each definition of its OpenAPI v3 documents: ["io.k8s.api.core.v1.Pod", {...}]
//   protobuf.jsonl   one line for each message: ["io.k8s.api.core.v1.Pod", [[1, "metadata", "io.k8s…ObjectMeta", ""], …]]
//
// A field of a message is [number, JSON name, type, flags]. Types: a scalar of protobuf, the name of a message, `map<V>`. Flags: r
// repeated, i its fields stand in the JSON of the message around it, z a zero is written (it is a pointer, or is never left out).
//
//   node scripts/schema/import-kubernetes.mjs <folder of k8s.io/kubernetes> <of k8s.io/api> <of k8s.io/apimachinery>
//
// The folders are those modules of one release, e.g. as `go mod download -json k8s.io/kubernetes@v1.36.3` names them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import protobuf from 'protocol-buffers-schema'

const GROUP_VERSIONS = [
  'api__v1',
  'apis__apps__v1',
  'apis__autoscaling__v1',
  'apis__autoscaling__v2',
  'apis__batch__v1',
  'apis__policy__v1',
  'apis__networking.k8s.io__v1',
  'apis__discovery.k8s.io__v1',
  'apis__coordination.k8s.io__v1',
  'apis__rbac.authorization.k8s.io__v1',
  'apis__scheduling.k8s.io__v1',
  'apis__storage.k8s.io__v1',
  'apis__authentication.k8s.io__v1',
  'apis__authorization.k8s.io__v1',
  'apis__apiextensions.k8s.io__v1',
]
/** Packages of messages, below their module. */
const API_PACKAGES = [
  'core/v1',
  'apps/v1',
  'autoscaling/v1',
  'autoscaling/v2',
  'batch/v1',
  'policy/v1',
  'networking/v1',
  'discovery/v1',
  'coordination/v1',
  'rbac/v1',
  'scheduling/v1',
  'storage/v1',
  'authentication/v1',
  'authorization/v1',
]
const MACHINERY_PACKAGES = ['pkg/apis/meta/v1', 'pkg/runtime', 'pkg/util/intstr', 'pkg/api/resource']
const SCALARS = new Set(['string', 'bytes', 'bool', 'int32', 'int64', 'uint32', 'uint64', 'double', 'float'])
const OUT = new URL('../../sim/schema/data/', import.meta.url)

const [kubernetes, api, machinery] = process.argv.slice(2)
if (machinery === undefined) {
  process.stderr.write('usage: import-kubernetes.mjs <k8s.io/kubernetes> <k8s.io/api> <k8s.io/apimachinery>\n')
  process.exit(2)
}
write('openapi.jsonl', openApiDefinitions())
write('protobuf.jsonl', messages())

function write(name, entries) {
  const lines = [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(entry => JSON.stringify(entry))
  writeFileSync(new URL(name, OUT), `${lines.join('\n')}\n`)
  process.stdout.write(`${name}: ${lines.length} definitions\n`)
}

function openApiDefinitions() {
  const definitions = new Map()
  for (const name of GROUP_VERSIONS) {
    const file = join(kubernetes, 'api/openapi-spec/v3', `${name}_openapi.json`)
    const { components } = JSON.parse(readFileSync(file, 'utf8'))
    for (const [key, schema] of Object.entries(components.schemas)) definitions.set(key, schema)
  }
  return definitions
}

function messages() {
  const found = new Map()
  const packages = [
    ...API_PACKAGES.map(path => [join(api, path), `io.k8s.api.${path.replaceAll('/', '.')}`]),
    ...MACHINERY_PACKAGES.map(path => [join(machinery, path), `io.k8s.apimachinery.${path.replaceAll('/', '.')}`]),
  ]
  for (const [folder, name] of packages) {
    const tags = goTags(folder)
    const { messages: parsed } = protobuf.parse(readFileSync(join(folder, 'generated.proto')))
    for (const message of parsed) {
      const fields = message.fields.map(field => fieldOf(field, name, tags.get(message.name)))
      found.set(`${name}.${message.name}`, fields)
    }
  }
  return found
}

function fieldOf(field, packageName, tags) {
  const tag = tags?.get(field.name)
  const type = field.map === undefined || field.map === null ? field.type : field.map.to
  const qualified = qualify(type, packageName)
  const isInline = tag?.isInline === true
  const flags = `${field.repeated ? 'r' : ''}${isInline ? 'i' : ''}${tag?.writesZero ? 'z' : ''}`
  const isMap = field.map !== undefined && field.map !== null
  return [field.tag, tag?.json ?? field.name, isMap ? `map<${qualified}>` : qualified, flags]
}

function qualify(type, packageName) {
  if (SCALARS.has(type)) return type
  // OpenAPI turns the domain around, and so do we.
  return type.startsWith('.') ? type.replace(/^\.k8s\.io\./, 'io.k8s.') : `${packageName}.${type}`
}

/** What Go's struct tags say of each field, by struct and name in protobuf. */
function goTags(folder) {
  const structs = new Map()
  const files = readdirSync(folder).filter(
    name => /^[a-z_0-9]+\.go$/.test(name) && !/_test\.go$|^zz_|generated/.test(name),
  )
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8')
    for (const [, name, body] of text.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
      const fields = new Map()
      for (const line of body.split('\n')) {
        const match = /^\t(\w+ +)?([*\w.[\]]+)\s+`json:"([^"]*)"\s+protobuf:"([^"]*)"/.exec(line)
        if (match === null) continue
        const [, , type, json, proto] = match
        const protoName = /(?:^|,)name=(\w+)/.exec(proto)?.[1]
        const [jsonName, ...options] = json.split(',')
        if (protoName === undefined) continue
        fields.set(protoName, {
          json: jsonName === '' || jsonName === '-' ? undefined : jsonName,
          isInline: options.includes('inline'),
          writesZero: type.startsWith('*') || !(options.includes('omitempty') || options.includes('omitzero')),
        })
      }
      structs.set(name, fields)
    }
  }
  return structs
}

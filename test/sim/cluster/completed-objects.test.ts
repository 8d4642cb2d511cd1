import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { applyDefaults, type KubeObject, ObjectStore, type ResourceType } from '../../../sim/cluster/index.ts'
import { Prng, VirtualClock } from '../../../base/index.ts'
import { start } from '../apiserver/fixture.ts'

/**
 * Pairs: a manifest as a user writes it, and the object as the server answers. `GOLDEN_UPDATE=1` writes the outputs anew;
 * read the diff like code. What differs from server to server (times, versions, uids, managed fields) is left out.
 */
const FOLDER = 'test/sim/cluster/pairs'
const NAMES = readdirSync(FOLDER).flatMap(file => (file.endsWith('.input.yaml') ? [file.slice(0, -11)] : []))
const CATALOGUE = new ObjectStore(new VirtualClock(), new Prng('catalogue')).resources

function typeOf({ apiVersion = '', kind }: KubeObject): ResourceType {
  const type = CATALOGUE.all().find(
    type => type.kind === kind && apiVersion === (type.group === '' ? type.version : `${type.group}/${type.version}`),
  )
  if (type === undefined) throw new Error(`there is no ${apiVersion} ${kind}`)
  return type
}

for (const name of NAMES) {
  void t.test(name, async t => {
    const { request } = await start(t)
    const input = parse(readFileSync(`${FOLDER}/${name}.input.yaml`, 'utf8')) as KubeObject
    const type = typeOf(input)
    const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`
    const url = `${root}${type.namespaced ? '/namespaces/default' : ''}/${type.plural}`
    const answer = await request('POST', url, input)
    t.equal(answer.code, 201, answer.text)
    const object = answer.json as KubeObject
    const {
      uid,
      resourceVersion: _version,
      creationTimestamp: _at,
      generation: _generation,
      ...rest
    } = object.metadata!
    delete rest.managedFields
    const output = stringify(JSON.parse(JSON.stringify({ ...object, metadata: rest }).replaceAll(uid!, 'UID')), {
      singleQuote: true,
    })
    const file = `${FOLDER}/${name}.output.yaml`
    if (process.env.GOLDEN_UPDATE === '1') writeFileSync(file, output)
    t.equal(output, readFileSync(file, 'utf8'))

    const again = structuredClone(object)
    applyDefaults(type, again)
    t.same(again, object, 'completing it again changes nothing')
    const put = await request('PUT', `${url}/${encodeURIComponent(rest.name!)}`, object)
    t.equal(put.code, 200, put.text)
    t.equal(put.json.metadata.resourceVersion, object.metadata!.resourceVersion, 'and it can be written back as it is')
  })
}

void t.test('there is a pair for each kind that is completed', async t => {
  const covered = new Set(NAMES.map(name => name.split('-')[0]))
  const without = CATALOGUE.all()
    .map(type => type.singular)
    .filter(kind => !covered.has(kind))
  t.same(without, ['namespace', 'node', 'endpoints', 'event', 'endpointslice', 'lease', 'customresourcedefinition'])
})

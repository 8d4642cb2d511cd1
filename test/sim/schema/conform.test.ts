import t from 'tap'
import { conform, definitionOfKind, schemaNamed } from '../../../sim/schema/index.ts'

function judge(group: string, version: string, kind: string, object: unknown): ReturnType<typeof conform> {
  return conform(schemaNamed(definitionOfKind(group, version, kind)), object)
}

void t.test('values of a wrong type are told as Go tells them', async t => {
  const cases: [group: string, version: string, kind: string, object: unknown, mismatch: string][] = [
    [
      'apps',
      'v1',
      'Deployment',
      { spec: { replicas: '3' } },
      'cannot unmarshal string into Go struct field spec.replicas of type int32',
    ],
    [
      'apps',
      'v1',
      'Deployment',
      { spec: { replicas: 1.5 } },
      'cannot unmarshal number 1.5 into Go struct field spec.replicas of type int32',
    ],
    [
      '',
      'v1',
      'Pod',
      { spec: { containers: {} } },
      'cannot unmarshal object into Go struct field spec.containers of type list',
    ],
    [
      '',
      'v1',
      'Pod',
      { spec: { containers: [{ name: 'a' }, { ports: [{ containerPort: 'x' }] }] } },
      'cannot unmarshal string into Go struct field spec.containers.ports.containerPort of type int32',
    ],
    [
      '',
      'v1',
      'Pod',
      { metadata: { labels: { a: 1 } } },
      'cannot unmarshal number into Go struct field metadata.labels.a of type string',
    ],
    ['', 'v1', 'Pod', [], 'cannot unmarshal array into Go value of type object'],
    [
      'batch',
      'v1',
      'CronJob',
      { spec: { suspend: 1 } },
      'cannot unmarshal number into Go struct field spec.suspend of type bool',
    ],
  ]
  for (const [group, version, kind, object, mismatch] of cases)
    t.equal(judge(group, version, kind, object).mismatch, mismatch)
})

void t.test(
  'unknown fields are named with their places and taken out; nulls are absent; quantities are texts',
  async t => {
    const pod = {
      metadata: { name: 'a', creationTimestamp: null, labels: { b: null } },
      spec: {
        containers: [
          { name: 'x', imagee: 'y' },
          { name: 'z', resources: { limits: { cpu: 2, memory: '1Gi' } } },
        ],
        restartPolicy: null,
      },
      speck: { deeply: [1] },
    }
    t.same(judge('', 'v1', 'Pod', pod), { mismatch: undefined, unknown: ['spec.containers[0].imagee', 'speck'] })
    t.same(pod, {
      metadata: { name: 'a', labels: { b: '' } },
      spec: { containers: [{ name: 'x' }, { name: 'z', resources: { limits: { cpu: '2', memory: '1Gi' } } }] },
    })
  },
)

void t.test('what may be anything is left alone', async t => {
  const revision = { data: { spec: { whatever: [1, { a: null }] } }, revision: 1 }
  t.same(judge('apps', 'v1', 'ControllerRevision', revision), { mismatch: undefined, unknown: [] })
  t.same(revision.data, { spec: { whatever: [1, { a: null }] } })
})

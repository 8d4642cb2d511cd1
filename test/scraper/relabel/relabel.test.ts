import t from 'tap'
import { loadConfig } from '../../../scraper/config/index.ts'
import { LabelsBuilder } from '../../../scraper/model/index.ts'
import { relabel } from '../../../scraper/relabel/index.ts'

/** Applies rules, as a config file has them, to labels; `null` when dropped. */
function apply(
  rules: readonly object[],
  labels: Record<string, string>,
  scheme = 'utf8',
): Record<string, string> | null {
  const job = { job_name: 'j', metric_name_validation_scheme: scheme, relabel_configs: rules }
  const config = loadConfig(JSON.stringify({ scrape_configs: [job] }), { baseDir: '/' })
  const builder = new LabelsBuilder()
  for (const [name, value] of Object.entries(labels)) builder.set(name, value)
  return relabel(config.scrapeConfigs[0]!.relabel, builder) ? builder.build().toRecord() : null
}

interface Case {
  readonly what: string
  readonly rules: readonly object[]
  readonly labels: Record<string, string>
  readonly gives: Record<string, string> | null
}

const CASES: readonly Case[] = [
  {
    what: 'replace copies a label by default',
    rules: [{ source_labels: ['a'], target_label: 'b' }],
    labels: { a: 'foo' },
    gives: { a: 'foo', b: 'foo' },
  },
  {
    what: 'replace with groups, joined by the separator',
    rules: [
      { source_labels: ['a', 'b'], separator: '/', regex: 'f(.).*/(.*)', target_label: 'c', replacement: '${2}x$1' },
    ],
    labels: { a: 'fob', b: 'bar' },
    gives: { a: 'fob', b: 'bar', c: 'barxo' },
  },
  {
    what: 'the expression is anchored',
    rules: [{ source_labels: ['a'], regex: 'o', target_label: 'b', replacement: 'x' }],
    labels: { a: 'foo' },
    gives: { a: 'foo' },
  },
  {
    what: 'a dot matches a line break',
    rules: [{ source_labels: ['a'], regex: 'x.y', target_label: 'b', replacement: 'hit' }],
    labels: { a: 'x\ny' },
    gives: { a: 'x\ny', b: 'hit' },
  },
  {
    what: '$1x is a group named 1x, which is empty; $$ is a dollar',
    rules: [{ source_labels: ['a'], regex: '(.*)', target_label: 'b', replacement: '$1x-$$' }],
    labels: { a: 'foo' },
    gives: { a: 'foo', b: '-$' },
  },
  {
    what: 'an empty result deletes the target label',
    rules: [{ source_labels: ['a'], regex: 'foo', target_label: 'b', replacement: '' }],
    labels: { a: 'foo', b: 'old' },
    gives: { a: 'foo' },
  },
  {
    what: 'copying a label that is not there deletes the target',
    rules: [{ source_labels: ['none'], target_label: 'b' }],
    labels: { b: 'old' },
    gives: {},
  },
  {
    what: 'without source labels a constant is set',
    rules: [{ target_label: 'b', replacement: 'new' }],
    labels: { a: '1' },
    gives: { a: '1', b: 'new' },
  },
  {
    what: 'the name of the target label may come from a group',
    rules: [{ source_labels: ['a'], regex: '(\\w+)=(\\w+)', target_label: '${1}_x', replacement: '$2' }],
    labels: { a: 'k=v' },
    gives: { a: 'k=v', k_x: 'v' },
  },
  {
    what: 'keep keeps',
    rules: [{ source_labels: ['a'], regex: 'fo+', action: 'keep' }],
    labels: { a: 'foo' },
    gives: { a: 'foo' },
  },
  {
    what: 'keep drops the rest',
    rules: [{ source_labels: ['a'], regex: 'fo+', action: 'keep' }],
    labels: { a: 'bar' },
    gives: null,
  },
  {
    what: 'drop drops',
    rules: [{ source_labels: ['a'], regex: 'foo|bar', action: 'drop' }],
    labels: { a: 'bar' },
    gives: null,
  },
  {
    what: 'drop keeps the rest',
    rules: [{ source_labels: ['a'], regex: 'foo', action: 'DROP' }],
    labels: { a: 'fo' },
    gives: { a: 'fo' },
  },
  {
    what: 'keepequal keeps equals',
    rules: [{ source_labels: ['a'], target_label: 'b', action: 'keepequal' }],
    labels: { a: '1', b: '1' },
    gives: { a: '1', b: '1' },
  },
  {
    what: 'keepequal drops others',
    rules: [{ source_labels: ['a'], target_label: 'b', action: 'keepequal' }],
    labels: { a: '1', b: '2' },
    gives: null,
  },
  {
    what: 'dropequal drops equals, also when both are missing',
    rules: [{ source_labels: ['a'], target_label: 'b', action: 'dropequal' }],
    labels: { c: '1' },
    gives: null,
  },
  {
    what: 'hashmod takes the last eight bytes of the MD5 as a big-endian number',
    rules: [{ source_labels: ['a'], target_label: 'd', action: 'hashmod', modulus: 1000 }],
    labels: { a: 'foo' },
    // md5("foo") is acbd18db4cc2f85c edef654fccc4a4d8.
    gives: { a: 'foo', d: String(BigInt('0xedef654fccc4a4d8') % 1000n) },
  },
  {
    what: 'labelmap copies names that match, values as they were before the rule',
    rules: [{ action: 'labelmap', regex: 'meta_(.+)' }],
    labels: { meta_a: '1', meta_meta_b: '2', c: '3' },
    gives: { meta_a: '1', meta_meta_b: '2', c: '3', a: '1', meta_b: '2' },
  },
  {
    what: 'a prefix and a group: the group must have what it asks for, and matches line breaks',
    rules: [
      { source_labels: ['a'], regex: 'x(.+)', target_label: 'plus', replacement: '$1' },
      { source_labels: ['a'], regex: 'x(.*)', target_label: 'star', replacement: '<${1}>' },
      { source_labels: ['b'], regex: 'x(.+)', target_label: 'rest' },
    ],
    labels: { a: 'x', b: 'x\ny' },
    gives: { a: 'x', b: 'x\ny', star: '<>', rest: '\ny' },
  },
  {
    what: 'labeldrop',
    rules: [{ action: 'labeldrop', regex: 'a.*' }],
    labels: { a: '1', ab: '2', b: '3' },
    gives: { b: '3' },
  },
  {
    what: 'labelkeep',
    rules: [{ action: 'labelkeep', regex: 'a.*' }],
    labels: { a: '1', ab: '2', b: '3' },
    gives: { a: '1', ab: '2' },
  },
  {
    what: 'lowercase and uppercase, one character for one',
    rules: [
      { source_labels: ['a'], target_label: 'low', action: 'lowercase' },
      { source_labels: ['a'], target_label: 'up', action: 'uppercase' },
    ],
    labels: { a: 'BaÄß' },
    gives: { a: 'BaÄß', low: 'baäß', up: 'BAÄß' },
  },
  {
    what: 'rules see what the ones before them did, and nothing runs after a drop',
    rules: [
      { source_labels: ['a'], target_label: 'b' },
      { source_labels: ['b'], regex: '1', action: 'drop' },
    ],
    labels: { a: '1' },
    gives: null,
  },
]

t.test('each action does what Prometheus does', async t => {
  for (const { what, rules, labels, gives } of CASES) t.same(apply(rules, labels), gives, what)
})

t.test('an invalid label name as the result makes the rule do nothing', async t => {
  const rules = [{ source_labels: ['a'], target_label: '${1}', regex: '(.*)' }]
  t.same(apply(rules, { a: 'a.b' }, 'legacy'), { a: 'a.b' })
  t.same(apply(rules, { a: 'a.b' }, 'utf8'), { a: 'a.b', 'a.b': 'a.b' })
  t.same(apply(rules, { b: 'x' }, 'utf8'), { b: 'x' }, 'an empty name')
})

t.test('a pattern that would hang a backtracking engine does not', async t => {
  const rules = [{ source_labels: ['a'], regex: '(a+)+b', target_label: 'x' }]
  t.same(apply(rules, { a: 'a'.repeat(2000) }), { a: 'a'.repeat(2000) })
})

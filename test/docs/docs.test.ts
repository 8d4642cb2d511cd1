import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { ACTIONS } from '../../sim/index.ts'
import { SCENARIOS } from '../../scenarios/index.ts'

/** What the documentation promises about the code, checked against the code. Runs from the root of the checkout. */
const SOURCES = ['base', 'sim', 'scraper', 'harness', 'reports', 'scripts']

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith(ending))
    .map(entry => join(entry.parentPath, entry.name))
}

t.test('every error code has an entry in docs/errors.md, and every entry a code', t => {
  const codes = new Set(
    SOURCES.flatMap(folder => filesBelow(folder, '.ts'))
      .flatMap(file => readFileSync(file, 'utf8').match(/'CHURN_[A-Z_]+'/g) ?? [])
      .map(quoted => quoted.slice(1, -1)),
  )
  const documented = new Set(readFileSync('docs/errors.md', 'utf8').match(/CHURN_[A-Z_]+/g) ?? [])
  t.same(
    [...codes].filter(code => !documented.has(code)),
    [],
    'undocumented',
  )
  t.same(
    [...documented].filter(code => !codes.has(code)),
    [],
    'documented but gone',
  )
  t.end()
})

t.test('links between documents lead somewhere', t => {
  for (const file of ['README.md', 'CHANGELOG.md', ...filesBelow('docs', '.md')]) {
    for (const [, target] of readFileSync(file, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      t.ok(existsSync(join(dirname(file), target!)), `${file} → ${target}`)
    }
  }
  t.end()
})

t.test('scenarios, actions and npm scripts that exist are the ones that are described', t => {
  const scenarios = readFileSync('docs/scenarios.md', 'utf8')
  for (const { name } of ACTIONS) t.match(scenarios, `| \`${name}\` |`, `action ${name}`)
  const readme = readFileSync('README.md', 'utf8')
  for (const { name } of SCENARIOS) t.match(readme, `| \`${name}\` |`, `scenario ${name}`)
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  for (const [, name] of readme.matchAll(/npm run (\w+)/g)) t.ok(Object.hasOwn(scripts, name!), `npm run ${name}`)
  t.end()
})

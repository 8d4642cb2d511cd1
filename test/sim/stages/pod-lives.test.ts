import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { type Story, type StoryInput, tell } from './pod-story.ts'

/**
 * Pairs: a pod and what is done to it go in, every write that a watcher sees comes out, with its planned time.
 * `GOLDEN_UPDATE=1` writes the outputs anew; read the diff like code.
 */
const FOLDER = 'test/sim/stages/golden'

for (const file of readdirSync(FOLDER).filter(name => name.endsWith('.input.json'))) {
  const name = file.slice(0, -'.input.json'.length)
  t.test(name, async t => {
    const input = JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as StoryInput
    const story = tell(input)
    const output = `${FOLDER}/${name}.output.json`
    if (process.env.GOLDEN_UPDATE === '1') writeFileSync(output, `${JSON.stringify(story, null, 2)}\n`)
    t.same(story, JSON.parse(readFileSync(output, 'utf8')) as Story, input.description)
  })
}

import { readFileSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { TRACE_LINE_SCHEMA } from '../sim/trace/index.ts'

/**
 * Writes docs/formats/trace.schema.json from the schema that traces are judged by: `npm run docs`.
 *
 * `--check` writes nothing and fails when the file says something else. Runs from the root of the checkout.
 */
const FILE = 'docs/formats/trace.schema.json'

if (!process.argv.includes('--check')) {
  writeFileSync(FILE, `${JSON.stringify(TRACE_LINE_SCHEMA, undefined, 2)}\n`)
} else if (!isDeepStrictEqual(JSON.parse(readFileSync(FILE, 'utf8')), TRACE_LINE_SCHEMA)) {
  process.stderr.write(`${FILE} is out of date: npm run docs\n`)
  process.exitCode = 1
}

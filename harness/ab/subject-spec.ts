import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ExitCode } from '../../base/index.ts'
import { HarnessError } from '../errors.ts'
import { type SubjectSpec, subjectByKind } from '../subjects/index.ts'

/**
 * Reads a subject as the command line names it: `<kind>[,bin=PATH][,config=FILE][,arg=ARGUMENT]…`, for instance
 * `embedded,bin=../base/build/scraper/main.js` or `victoriametrics,arg=-promscrape.kubernetesSDCheckInterval=1s`.
 *
 * A comma within a value is written twice.
 *
 * @throws HarnessError CHURN_AB, SubjectError CHURN_SUBJECT_KIND
 */
export function parseSubjectSpec(text: string): SubjectSpec {
  const [kind = '', ...fields] = text.split(/(?<!,),(?!,)/).map(part => part.replaceAll(',,', ','))
  subjectByKind(kind)
  if (kind === 'external')
    throw fault(text, 'trials need fresh processes, and an external subject is one that runs already')
  let bin: string | undefined
  let file: string | undefined
  const args: string[] = []
  for (const field of fields) {
    const equals = field.indexOf('=')
    const name = equals < 0 ? field : field.slice(0, equals)
    const value = equals < 0 ? '' : field.slice(equals + 1)
    if (value === '') throw fault(text, `"${field}" has no value`)
    if (name === 'arg') args.push(value)
    else if (name === 'bin' && bin === undefined) bin = value
    else if (name === 'config' && file === undefined) file = value
    else throw fault(text, `"${name}" is not known, or given twice`)
  }
  if (file === undefined) return { kind, bin, args }
  try {
    return { kind, bin, args, config: readFileSync(file, 'utf8'), configDir: dirname(resolve(file)) }
  } catch (cause) {
    throw fault(text, `the configuration file ${file} cannot be read`, cause)
  }
}

function fault(text: string, what: string, cause?: unknown): HarnessError {
  return new HarnessError(
    'CHURN_AB',
    `subject "${text}": ${what}; write <kind>[,bin=PATH][,config=FILE][,arg=ARGUMENT], a comma in a value twice`,
    { cause, exitCode: ExitCode.usage },
  )
}

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Environment, peerVersion } from '../peers/index.ts'
import { startAgent } from './agent.ts'
import { collectorConfig } from './collector-config.ts'
import { freePort } from './free-port.ts'
import { programOf } from './program-of.ts'
import type { SubjectDefinition } from './subject.ts'
import { writeWorkFiles } from './work-files.ts'

const KIND = 'otelcol'

/** Every scrape is exported at once; this is for its queue. */
const UNDER_WAY_MS_MAX = 2_000

/** Readable by its owner only: it names the credentials. */
const PRIVATE = 0o600

/**
 * The OpenTelemetry Collector, with its Prometheus receiver and its remote-write exporter: `--bin`, the one built by
 * `npm run peers`, or `otelcol-contrib` or `otelcol` on `PATH`. Its samples go to a sink of ours.
 *
 * The pipeline has no batch processor: a scrape is sent when it is done. Everything else is as the collector has it.
 */
export function otelcolSubject(env: Environment = process.env): SubjectDefinition {
  return {
    kind: KIND,
    answersQueries: false,
    async start(clock, options) {
      const files = writeWorkFiles(KIND, options)
      const file = programOf(KIND, options, env)
      const version = await peerVersion(KIND, file, env)
      const configPath = path.join(path.dirname(files.configPath), 'otelcol.yml')
      const { warnings } = collectorConfig(files.config, { writeUrl: '', healthPort: 0 })
      let pprofPort: number | undefined
      const subject = await startAgent(clock, {
        files,
        version,
        warnings,
        readyTimeoutMs: options.readyTimeoutMs,
        underWayMsMax: UNDER_WAY_MS_MAX,
        pprofUrl: () => (pprofPort === undefined ? undefined : `http://127.0.0.1:${pprofPort}`),
        plan: writeUrl => ({
          kind: KIND,
          readyPath: '/',
          async command(port) {
            pprofPort = options.profile === true ? await freePort() : undefined
            const ports = { healthPort: port, ...(pprofPort === undefined ? {} : { pprofPort }) }
            writeFileSync(configPath, collectorConfig(files.config, { writeUrl, ...ports }).text, { mode: PRIVATE })
            return {
              file,
              args: [`--config=file:${configPath}`, ...(options.args ?? [])],
              env,
              cwd: path.dirname(configPath),
              logPath: files.logPath,
            }
          },
          faults: (exit, log) => (exit.code === 1 ? collectorComplaints(log) : undefined),
        }),
      })
      return { ...subject, files: [...subject.files, configPath] }
    },
  }
}

/**
 * Why it refused to start. It says so from a line `Error: …` on, indented or not, and most of it once more with a date.
 *
 * Lines that it counts are of its own rendering of the document, and mislead: they are taken out.
 */
export function collectorComplaints(log: readonly string[]): string[] | undefined {
  const start = log.findIndex(line => line.startsWith('Error: '))
  if (start === -1) return undefined
  const said = log
    .slice(start)
    .map(line => line.replace(/^Error: /, '').trim())
    .filter(line => line !== '')
  const again = said.findIndex((line, i) => i > 0 && (line.endsWith(said[0]!) || line === said[0]))
  const once = again === -1 ? said : said.slice(0, again)
  // Headings that only say that something follows.
  const facts = once.filter(line => !/(following error\(s\)|unmarshal errors|unsupported features):$/.test(line))
  return (facts.length > 0 ? facts : once).map(line => line.replace(/^line \d+: /, ''))
}

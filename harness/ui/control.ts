import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Action, ActionArgs } from '../../sim/index.ts'
import type { ControlForm } from './wire.ts'

export interface ControlOptions {
  readonly actions: readonly Action[]
  /** `namespace/name`. */
  readonly workloads: readonly string[]
  perform(action: string, args: ActionArgs): Promise<{ readonly ok: boolean; readonly detail: string }>
}

interface Answer {
  readonly ok: boolean
  readonly detail: string
}

/**
 * What the control page may do to the cluster: the registered actions, by hand.
 *
 * A POST must carry the token that was made for this process and is in the page only, so that no other page can send one.
 */
export class Control {
  readonly #options: ControlOptions
  readonly #token = randomBytes(24).toString('base64url')

  constructor(options: ControlOptions) {
    this.#options = options
  }

  form(): ControlForm {
    const { actions, workloads } = this.#options
    return {
      token: this.#token,
      actions: actions.map(({ name, description, args }) => ({ name, description, args })),
      workloads,
    }
  }

  addRoutes(app: FastifyInstance): void {
    app.post('/actions', async (request, reply): Promise<Answer> => {
      const { 'x-churnbench-token': token, 'sec-fetch-site': site } = request.headers
      if (!this.#isOurs(token) || (site !== undefined && site !== 'same-origin')) {
        reply.code(403)
        return { ok: false, detail: 'load the page again: it belongs to an earlier cluster' }
      }
      const faults: string[] = []
      const wanted = this.#judge(request.body, faults)
      if (wanted === undefined) {
        reply.code(400)
        return { ok: false, detail: faults.join('; ') }
      }
      const answer = await this.#options.perform(wanted.action, wanted.args)
      if (!answer.ok) reply.code(409)
      return answer
    })
  }

  #isOurs(token: unknown): boolean {
    if (typeof token !== 'string') return false
    const given = Buffer.from(token)
    const ours = Buffer.from(this.#token)
    return given.length === ours.length && timingSafeEqual(given, ours)
  }

  /** All faults at once, as everywhere. */
  #judge(body: unknown, faults: string[]): { readonly action: string; readonly args: ActionArgs } | undefined {
    const { action: name, args: given } = isRecord(body) ? body : {}
    const action = this.#options.actions.find(candidate => candidate.name === name)
    if (action === undefined) {
      const known = this.#options.actions.map(each => each.name).join(', ')
      faults.push(`action: unknown action ${JSON.stringify(name)}; known are ${known}`)
      return undefined
    }
    const args: Record<string, string | number | boolean> = {}
    const values = isRecord(given) ? given : {}
    for (const arg of action.args) {
      const value = values[arg.name]
      if (value === undefined || value === '') {
        if (arg.optional !== true) faults.push(`${arg.name}: is missing (${arg.description})`)
      } else if (isOfType(value, arg.type)) {
        args[arg.name] = value
      } else {
        faults.push(`${arg.name}: must be a ${arg.type}`)
      }
    }
    for (const name of Object.keys(values)) {
      if (!action.args.some(arg => arg.name === name)) faults.push(`${name}: "${action.name}" takes no such argument`)
    }
    return faults.length === 0 ? { action: action.name, args } : undefined
  }
}

function isOfType(value: unknown, type: 'string' | 'number' | 'boolean'): value is string | number | boolean {
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value)
  return typeof value === type
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

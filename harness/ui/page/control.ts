import type { ActionForm, ControlForm } from '../wire.ts'
import { byId, element, setText } from './dom.ts'
import type { PageState } from './page-state.ts'

type Argument = ActionForm['args'][number]

/** The form that performs actions on the cluster: a field per argument, whatever actions there are. */
export class ControlPanel {
  readonly #form: ControlForm
  readonly #state: PageState
  readonly #root = byId('control-form', HTMLFormElement)
  readonly #action = element('select', { name: 'action' })
  readonly #fields = element('div', { class: 'fields' })
  readonly #button = element('button', { class: 'primary' }, 'Do it')
  #nodesShown = ''

  constructor(form: ControlForm, state: PageState) {
    this.#form = form
    this.#state = state
    byId('control').hidden = false
    for (const { name } of form.actions) this.#action.append(element('option', { value: name }, name))
    this.#fields.style.display = 'contents'
    this.#root.append(element('label', {}, 'Action', this.#action), this.#fields, this.#button)
    this.#action.addEventListener('change', () => this.#build())
    this.#root.addEventListener('submit', event => {
      event.preventDefault()
      void this.#submit()
    })
    this.#build()
  }

  /** Nodes may have come or gone. */
  update(): void {
    const nodes = [...this.#state.nodes.keys()].join(' ')
    if (nodes === this.#nodesShown) return
    this.#nodesShown = nodes
    this.#build()
  }

  /** Fills in a node that was chosen on the map. */
  chooseNode(name: string): void {
    const field = this.#root.elements.namedItem('arg:node')
    if (field instanceof HTMLSelectElement) field.value = name
  }

  get #current(): ActionForm | undefined {
    return this.#form.actions.find(action => action.name === this.#action.value)
  }

  #build(): void {
    const before = new FormData(this.#root)
    const action = this.#current
    this.#fields.replaceChildren()
    if (action === undefined) return
    this.#fields.append(element('p', { class: 'hint' }, action.description))
    for (const arg of action.args) {
      const field = this.#field(arg)
      const value = before.get(`arg:${arg.name}`)
      if (typeof value === 'string' && value !== '' && arg.type !== 'boolean') field.value = value
      const name = arg.optional === true ? `${arg.name} (optional)` : arg.name
      this.#fields.append(
        arg.type === 'boolean'
          ? element('label', { class: 'check' }, field, `${name}: ${arg.description}`)
          : element('label', {}, name, field, element('small', {}, arg.description)),
      )
    }
  }

  #field(arg: Argument): HTMLInputElement | HTMLSelectElement {
    const name = `arg:${arg.name}`
    const required = arg.optional !== true
    const choices = this.#choices(arg)
    if (choices !== undefined) {
      const field = element('select', { name, required })
      if (!required) field.append(element('option', { value: '' }, '–'))
      for (const choice of choices) field.append(element('option', { value: choice }, choice))
      return field
    }
    if (arg.type === 'boolean') return element('input', { name, type: 'checkbox' })
    if (arg.type === 'number') return element('input', { name, type: 'number', step: 'any', required })
    return element('input', { name, type: 'text', required, autocomplete: 'off' })
  }

  /** What there is to choose from, where the page knows it. */
  #choices({ name }: Argument): readonly string[] | undefined {
    if (name === 'workload') return this.#form.workloads
    if (name === 'node') return [...this.#state.nodes.keys()]
    if (name === 'zone') return [...new Set([...this.#state.nodes.values()].map(node => node.zone))].sort()
    return undefined
  }

  async #submit(): Promise<void> {
    const action = this.#current
    if (action === undefined) return
    const data = new FormData(this.#root)
    const args: Record<string, string | number | boolean> = {}
    for (const { name, type } of action.args) {
      const value = data.get(`arg:${name}`)
      if (type === 'boolean') args[name] = value !== null
      else if (typeof value === 'string' && value !== '') args[name] = type === 'number' ? Number(value) : value
    }
    this.#button.disabled = true
    const answer = await this.#send(action.name, args)
    this.#button.disabled = false
    const said = byId('control-answer')
    said.className = answer.ok ? 'ok' : 'bad'
    setText(said, `${answer.ok ? '✓' : '✗'} ${answer.detail}`)
  }

  async #send(action: string, args: object): Promise<{ readonly ok: boolean; readonly detail: string }> {
    try {
      const response = await fetch('/actions', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-churnbench-token': this.#form.token },
        body: JSON.stringify({ action, args }),
      })
      return (await response.json()) as { ok: boolean; detail: string }
    } catch {
      return { ok: false, detail: 'the cluster does not answer; has it been stopped?' }
    }
  }
}

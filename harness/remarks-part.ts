import { describeError } from '../base/index.ts'
import type { TrialContext, TrialPart } from './trial-part.ts'

/** Puts what a subject has to say about its own figures into the report. */
export class RemarksPart implements TrialPart {
  #context: TrialContext | undefined

  onStart(context: TrialContext): void {
    this.#context = context
  }

  async onStop(): Promise<void> {
    const context = this.#context!
    try {
      for (const message of (await context.subject.remarks?.()) ?? []) context.warn({ code: 'subject', message })
    } catch (error) {
      context.warn({ code: 'subject', message: describeError(error) })
    }
  }
}

import type { LabelSelector } from 'kubernetes-types/meta/v1.js'
import type { FieldErrors } from './field-errors.ts'
import { compileLabelSelector, type LabelMatcher } from './label-selector.ts'
import { labelValueFault, qualifiedNameFault } from './names.ts'
import { validateLabels } from './validate-meta.ts'

/**
 * Judges a selector inside an object; one that is absent is left to the caller.
 *
 * @returns the matcher of one whose operators are known.
 */
export function validateSelector(
  path: string,
  selector: LabelSelector | undefined,
  errors: FieldErrors,
): LabelMatcher | undefined {
  if (selector === undefined) return undefined
  validateLabels(`${path}.matchLabels`, selector.matchLabels, errors)
  let known = true
  for (const [i, { key, operator, values }] of (selector.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${i}]`
    if (operator === 'In' || operator === 'NotIn') {
      if ((values ?? []).length === 0) {
        errors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")
      }
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if ((values ?? []).length > 0) {
        errors.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
      }
    } else {
      errors.invalid(`${at}.operator`, operator ?? '', 'not a valid selector operator')
      known = false
    }
    errors.check(`${at}.key`, key ?? '', qualifiedNameFault)
    for (const [j, value] of (values ?? []).entries()) errors.check(`${at}.values[${j}]`, value, labelValueFault)
  }
  return known ? compileLabelSelector(selector) : undefined
}

export function selectsEverything({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return Object.keys(matchLabels ?? {}).length + (matchExpressions ?? []).length === 0
}

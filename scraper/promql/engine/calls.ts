import { type Labels, LabelsBuilder, METRIC_NAME, type Matcher } from '../../model/index.ts'
import { calendar, elementwise } from '../functions/elementwise.ts'
import type { Call, Expr } from '../parse/ast.ts'
import type { Annotations } from './annotations.ts'
import type { Grid } from './grid.ts'
import { histogramFraction, histogramQuantile } from './histograms.ts'
import { labelJoin, labelReplace } from './label-functions.ts'
import { sortByLabels, sortByValue } from './sorting.ts'
import { dropNames, emptyVector, type StepVector } from './vector.ts'

/** Functions of scalars that give a scalar; each argument per step. */
export function callScalar(name: string, args: readonly Float64Array[], steps: number): Float64Array {
  switch (name) {
    case 'pi':
      return new Float64Array(steps).fill(Math.PI)
    case 'min_of':
      return args[0]!.map((a, step) => Math.min(a, args[1]![step]!))
    case 'max_of':
      return args[0]!.map((a, step) => Math.max(a, args[1]![step]!))
    default:
      throw new TypeError(`no scalar function ${name}`)
  }
}

/** Functions of an instant vector, which they may change in place. `scalars`: the scalar arguments, in order. */
export function callVector(
  expr: Call,
  input: StepVector,
  scalars: readonly Float64Array[],
  grid: Grid,
  annotations: Annotations,
): StepVector {
  const { name } = expr.fn
  const map = elementwise(name) ?? calendar(name)
  if (map !== undefined) return mapValues(input, map)
  switch (name) {
    case 'timestamp':
      return mapSteps(input, (_, step) => (grid.startMs + step * grid.stepMs) / 1000)
    case 'round':
      return round(input, scalars[0])
    case 'clamp':
      return clamp(input, scalars[0]!, scalars[1]!)
    case 'clamp_min':
      return mapSteps(input, (value, step) => Math.max(scalars[0]![step]!, value))
    case 'clamp_max':
      return mapSteps(input, (value, step) => Math.min(scalars[0]![step]!, value))
    case 'label_replace':
      return labelReplace(expr, input)
    case 'label_join':
      return labelJoin(expr, input)
    case 'sort':
    case 'sort_desc':
      return sortByValue(input, name === 'sort_desc', () => annotations.sortInRangeQuery(expr))
    case 'sort_by_label':
    case 'sort_by_label_desc':
      return sortByLabels(expr, input, name === 'sort_by_label_desc', () => annotations.sortInRangeQuery(expr))
    case 'histogram_quantile':
      return histogramQuantile(scalars[0]!, input, grid, expr.args[1]!, annotations)
    case 'histogram_fraction':
      return histogramFraction(scalars[0]!, scalars[1]!, input, expr.args[2]!, annotations)
    case 'histogram_count':
    case 'histogram_sum':
    case 'histogram_avg':
    case 'histogram_stddev':
    case 'histogram_stdvar':
      // Of native histograms only; there are none in this storage.
      return emptyVector(input.steps)
    default:
      throw new TypeError(`no vector function ${name}`)
  }
}

function mapValues(vector: StepVector, map: (value: number) => number): StepVector {
  const cells = vector.labels.length * vector.steps
  for (let i = 0; i < cells; i++) if (vector.present[i] === 1) vector.values[i] = map(vector.values[i]!)
  return dropNames(vector)
}

function mapSteps(vector: StepVector, map: (value: number, step: number) => number): StepVector {
  const { steps } = vector
  const cells = vector.labels.length * steps
  for (let i = 0; i < cells; i++) if (vector.present[i] === 1) vector.values[i] = map(vector.values[i]!, i % steps)
  return dropNames(vector)
}

/** To the nearest multiple; ties go up. Multiplying by the inverse loses fewer digits than dividing. */
function round(vector: StepVector, nearest: Float64Array | undefined): StepVector {
  return mapSteps(vector, (value, step) => {
    const inverse = 1 / (nearest === undefined ? 1 : nearest[step]!)
    return Math.floor(value * inverse + 0.5) / inverse
  })
}

/** Empty at steps where the bounds are crossed. */
function clamp(vector: StepVector, min: Float64Array, max: Float64Array): StepVector {
  const { steps } = vector
  for (let step = 0; step < steps; step++) {
    if (!(max[step]! < min[step]!)) continue
    for (let row = 0; row < vector.labels.length; row++) vector.present[row * steps + step] = 0
  }
  return mapSteps(vector, (value, step) => Math.max(min[step]!, Math.min(max[step]!, value)))
}

/** 1 at the steps where `vector` has nothing at all. */
export function absentRow(vector: StepVector, labels: Labels): StepVector {
  const { steps } = vector
  const values = new Float64Array(steps).fill(1)
  const present = new Uint8Array(steps).fill(1)
  for (let row = 0; row < vector.labels.length; row++) {
    for (let step = 0; step < steps; step++) if (vector.present[row * steps + step] === 1) present[step] = 0
  }
  return present.includes(1) ? { steps, labels: [labels], values, present } : emptyVector(steps)
}

/** The labels that a selector's equality matchers tell; a label that is matched more than once tells nothing. */
export function absentLabels(expr: Expr): Labels {
  const matchers: readonly Matcher[] =
    expr.kind === 'selector' ? expr.matchers : expr.kind === 'matrix' ? expr.selector.matchers : []
  const labels = new LabelsBuilder()
  const seen = new Set<string>()
  for (const { type, name, value } of matchers) {
    if (name === METRIC_NAME) continue
    if (type === '=' && !seen.has(name)) {
      labels.set(name, value)
      seen.add(name)
    } else {
      labels.delete(name)
    }
  }
  return labels.build()
}

import type { ValueType } from '../parse/ast.ts'

/** What the parser must know of a function. */
export interface FunctionSignature {
  readonly name: string
  readonly args: readonly ValueType[]
  /** How many times the last argument may be missing or repeated: 0 exactly once, n up to n, −1 any number of times. */
  readonly variadic: number
  readonly returns: 'scalar' | 'vector'
  /** Only with the feature `promql-experimental-functions`. */
  readonly experimental: boolean
}

const SIGNATURES = new Map<string, FunctionSignature>()

/** `undefined` when there is no such function. */
export function functionSignature(name: string): FunctionSignature | undefined {
  return SIGNATURES.get(name)
}

/** Names that Prometheus knows and that are not built here, so that a query with them is refused by name. */
export const NOT_BUILT: ReadonlySet<string> = new Set(['info', 'histogram_quantiles', 'start_timestamp', 'integral'])

interface Options {
  readonly variadic?: number
  readonly returns?: 'scalar' | 'vector'
  readonly experimental?: boolean
}

function declare(names: string, args: readonly ValueType[], options: Options = {}): void {
  for (const name of names.split(' ')) {
    SIGNATURES.set(name, {
      name,
      args,
      variadic: options.variadic ?? 0,
      returns: options.returns ?? 'vector',
      experimental: options.experimental ?? false,
    })
  }
}

declare('rate increase delta irate idelta deriv resets changes', ['matrix'])
declare('sum_over_time avg_over_time min_over_time max_over_time count_over_time', ['matrix'])
declare('first_over_time last_over_time present_over_time absent_over_time', ['matrix'])
declare('stddev_over_time stdvar_over_time', ['matrix'])
declare('mad_over_time ts_of_first_over_time ts_of_last_over_time', ['matrix'], { experimental: true })
declare('ts_of_min_over_time ts_of_max_over_time', ['matrix'], { experimental: true })
declare('quantile_over_time', ['scalar', 'matrix'])
declare('predict_linear', ['matrix', 'scalar'])
declare('double_exponential_smoothing', ['matrix', 'scalar', 'scalar'], { experimental: true })

declare('abs ceil floor exp sqrt ln log2 log10 sgn deg rad', ['vector'])
declare('sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh', ['vector'])
declare('clamp', ['vector', 'scalar', 'scalar'])
declare('clamp_min clamp_max', ['vector', 'scalar'])
declare('round', ['vector', 'scalar'], { variadic: 1 })
declare('absent sort sort_desc timestamp', ['vector'])
declare('sort_by_label sort_by_label_desc', ['vector', 'string'], { variadic: -1, experimental: true })
declare('minute hour day_of_week day_of_month day_of_year days_in_month month year', ['vector'], { variadic: 1 })

declare('label_replace', ['vector', 'string', 'string', 'string', 'string'])
declare('label_join', ['vector', 'string', 'string', 'string'], { variadic: -1 })

declare('histogram_quantile', ['scalar', 'vector'])
declare('histogram_fraction', ['scalar', 'scalar', 'vector'])
declare('histogram_count histogram_sum histogram_avg histogram_stddev histogram_stdvar', ['vector'])

declare('time pi', [], { returns: 'scalar' })
declare('start end step range', [], { returns: 'scalar', experimental: true })
declare('min_of max_of', ['scalar', 'scalar'], { returns: 'scalar', experimental: true })
declare('scalar', ['vector'], { returns: 'scalar' })
declare('vector', ['scalar'])

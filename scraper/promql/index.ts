export { QueryError, type QueryErrorKind } from './errors.ts'
export { formatFloat } from './format-float.ts'
export { parse, parseSelector } from './parse/parse.ts'
export { type Expr, typeOf } from './parse/ast.ts'
export {
  DEFAULT_ENGINE_OPTIONS,
  type EngineOptions,
  type EngineStats,
  QueryEngine,
  type QueryOptions,
} from './engine/query-engine.ts'
export type { MatrixSeries, QueryResult, QueryStats, QueryValue } from './result.ts'

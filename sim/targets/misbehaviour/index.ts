export type { AnswerScript, ScriptEnding } from './answer-script.ts'
export { misbehaviourByName, MISBEHAVIOURS } from './catalogue.ts'
export { LOOP_PATH, Misbehaver } from './misbehaver.ts'
export type {
  Misbehaviour,
  MisbehaviourOrder,
  MisbehaviourOutcome,
  MisbehaviourParam,
  MisbehaviourParamName,
  MisbehaviourStage,
  ScrapeErrorClass,
} from './misbehaviour.ts'
export { faultOfParams, misbehaviourOrder } from './order.ts'

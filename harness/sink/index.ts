export type { SinkCounts } from './messages.ts'
export { RemoteWriteSink } from './remote-write-sink.ts'

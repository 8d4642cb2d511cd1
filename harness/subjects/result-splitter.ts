const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Depth of the elements' enclosing array: `{"data":{"result":[` opens three. */
const RESULT_DEPTH = 3
/** Longer than the key with any reasonable white space around it. */
const KEY_BYTES_MAX = 64
const RESULT_KEY = /"result"\s*:\s*\[$/

/**
 * Cuts the series out of a Prometheus answer while it arrives, so that an answer of any size is parsed one series at a
 * time: neither its text nor its tree is ever held as a whole, and no parse holds up the harness for long.
 *
 *   {"status":"success","data":{"resultType":"matrix","result":[ {…} , {…} , … ]}}
 *    └────────────────────── envelope ─────────────────────────┘ └ elements ┘ └ envelope
 *
 * In the envelope, `0` stands for each object that was cut out; a scalar result stays in it. What is not JSON, e.g. a
 * proxy's error page, ends up in the envelope too.
 */
export class ResultSplitter {
  readonly #onElement: (json: string) => void
  readonly #envelope: Buffer[] = []
  readonly #element: Buffer[] = []
  #depth = 0
  #inString = false
  #escaped = false
  /** Inside the result array. */
  #inResult = false
  /** Inside one of its objects. */
  #inElement = false

  constructor(onElement: (json: string) => void) {
    this.#onElement = onElement
  }

  /** All that is not an element; complete after the last chunk. */
  get envelope(): string {
    return Buffer.concat(this.#envelope).toString('utf8')
  }

  // hot: once per byte of an answer. Bytes are looked at, never copied one by one.
  push(chunk: Buffer): void {
    let from = 0
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (byte === BACKSLASH) this.#escaped = true
        else if (byte === QUOTE) this.#inString = false
        continue
      }
      if (byte === QUOTE) {
        this.#inString = true
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (byte === OPEN_BRACE && this.#inResult && this.#depth === RESULT_DEPTH) {
          this.#envelope.push(chunk.subarray(from, i))
          this.#inElement = true
          from = i
        }
        this.#depth++
        if (byte === OPEN_BRACKET && this.#depth === RESULT_DEPTH) {
          this.#inResult = RESULT_KEY.test(this.#recent(chunk.subarray(from, i + 1)))
        }
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth--
        if (this.#depth < RESULT_DEPTH) this.#inResult = false
        else if (this.#inElement && this.#depth === RESULT_DEPTH) {
          this.#element.push(chunk.subarray(from, i + 1))
          from = i + 1
          this.#inElement = false
          this.#envelope.push(PLACEHOLDER)
          this.#onElement(Buffer.concat(this.#element.splice(0)).toString('utf8'))
        }
      }
    }
    if (from < chunk.length) (this.#inElement ? this.#element : this.#envelope).push(chunk.subarray(from))
  }

  /** The end of the envelope so far, `last` included; enough of it to hold the key. */
  #recent(last: Buffer): string {
    let text = last.toString('latin1')
    for (let i = this.#envelope.length - 1; i >= 0 && text.length < KEY_BYTES_MAX; i--) {
      text = this.#envelope[i]!.toString('latin1') + text
    }
    return text.slice(-KEY_BYTES_MAX)
  }
}

const PLACEHOLDER = Buffer.from('0')

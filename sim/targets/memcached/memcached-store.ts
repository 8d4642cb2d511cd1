import type { Clock } from '../../../base/index.ts'
import { CHUNK_BYTES, classOf, itemBytes, PAGE_BYTES } from './slab-classes.ts'

/** Larger ones are refused. */
const ITEM_BYTES_MAX = 1_048_576
/** Times to live beyond this are instants, in seconds since the epoch. */
const RELATIVE_S_MAX = 30 * 24 * 3600

export interface Item {
  readonly flags: number
  readonly data: Buffer
  /** Number of this version of the item. */
  readonly version: number
  /** Unix seconds; `Infinity`: never. */
  readonly expiresS: number
  readonly storedS: number
  readonly bytes: number
  readonly slab: number
}

export type StoreOutcome = 'STORED' | 'NOT_STORED' | 'EXISTS' | 'NOT_FOUND' | 'TOO_LARGE'

/** Counters of one slab class, named as in `stats slabs` and `stats items`. */
export interface SlabCounters {
  pages: number
  get_hits: number
  cmd_set: number
  delete_hits: number
  incr_hits: number
  decr_hits: number
  cas_hits: number
  cas_badval: number
  touch_hits: number
  evicted: number
  reclaimed: number
  /** Bytes of its items. */
  mem_requested: number
}

/** Counters of the whole server, named as in `stats`. */
export interface Counters {
  cmd_get: number
  cmd_set: number
  cmd_flush: number
  cmd_touch: number
  get_hits: number
  get_misses: number
  get_expired: number
  get_flushed: number
  delete_hits: number
  delete_misses: number
  incr_hits: number
  incr_misses: number
  decr_hits: number
  decr_misses: number
  cas_hits: number
  cas_misses: number
  cas_badval: number
  touch_hits: number
  touch_misses: number
  store_too_large: number
  total_items: number
  evictions: number
  reclaimed: number
}

interface Slab {
  readonly counters: SlabCounters
  /** Least recently used first. */
  readonly items: Map<string, Item>
}

/**
 * What a Memcached holds and counts, without its sockets. Slab classes, their pages and their least recently used items follow
 * the real one with one list each; its separate lists for hot and cold items, and its crawler, are left out: an item that has
 * expired goes when somebody asks for it.
 */
export class MemcachedStore {
  readonly counters: Counters = {
    cmd_get: 0,
    cmd_set: 0,
    cmd_flush: 0,
    cmd_touch: 0,
    get_hits: 0,
    get_misses: 0,
    get_expired: 0,
    get_flushed: 0,
    delete_hits: 0,
    delete_misses: 0,
    incr_hits: 0,
    incr_misses: 0,
    decr_hits: 0,
    decr_misses: 0,
    cas_hits: 0,
    cas_misses: 0,
    cas_badval: 0,
    touch_hits: 0,
    touch_misses: 0,
    store_too_large: 0,
    total_items: 0,
    evictions: 0,
    reclaimed: 0,
  }
  readonly limitBytes: number
  readonly #clock: Pick<Clock, 'unixMs'>
  readonly #slabs = new Map<number, Slab>()
  readonly #slabOf = new Map<string, Slab>()
  #versions = 0
  /** Versions up to this one are gone. */
  #flushed = 0

  constructor(clock: Pick<Clock, 'unixMs'>, limitBytes: number) {
    this.#clock = clock
    this.limitBytes = limitBytes
  }

  get items(): number {
    return this.#slabOf.size
  }

  get bytes(): number {
    let sum = 0
    for (const { counters } of this.#slabs.values()) sum += counters.mem_requested
    return sum
  }

  get mallocedBytes(): number {
    let pages = 0
    for (const { counters } of this.#slabs.values()) pages += counters.pages
    return pages * PAGE_BYTES
  }

  /** Classes that have pages, in order. */
  *slabs(): Iterable<{ readonly number: number; readonly counters: SlabCounters; readonly items: readonly Item[] }> {
    for (const [number, slab] of [...this.#slabs].toSorted(([a], [b]) => a - b)) {
      yield { number, counters: slab.counters, items: [...slab.items.values()] }
    }
  }

  get(key: string): Item | undefined {
    this.counters.cmd_get++
    const found = this.#find(key, 'get')
    if (found === undefined) {
      this.counters.get_misses++
      return undefined
    }
    this.counters.get_hits++
    found.slab.counters.get_hits++
    this.#use(key, found.slab, found.item)
    return found.item
  }

  /** @param how `cas` stores only over version `version`. */
  store(
    how: 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas',
    key: string,
    value: { readonly flags: number; readonly exptime: number; readonly data: Buffer; readonly version?: number },
  ): StoreOutcome {
    const { counters } = this
    // What is refused for its size is not counted as a command; the old value must not be found in its place.
    if (itemBytes(Buffer.byteLength(key), value.data.length, value.flags) > ITEM_BYTES_MAX) {
      counters.store_too_large++
      this.#drop(key)
      return 'TOO_LARGE'
    }
    const old = this.#find(key)
    counters.cmd_set++
    const target = this.#slabFor(itemBytes(Buffer.byteLength(key), value.data.length, value.flags))
    target.counters.cmd_set++
    if (how === 'cas') {
      if (old === undefined) {
        counters.cas_misses++
        return 'NOT_FOUND'
      }
      if (old.item.version !== value.version) {
        counters.cas_badval++
        old.slab.counters.cas_badval++
        return 'EXISTS'
      }
      counters.cas_hits++
      old.slab.counters.cas_hits++
    }
    if (how === 'add' && old !== undefined) {
      this.#use(key, old.slab, old.item)
      return 'NOT_STORED'
    }
    if ((how === 'replace' || how === 'append' || how === 'prepend') && old === undefined) return 'NOT_STORED'
    const joined = how === 'append' || how === 'prepend' ? old!.item : undefined
    const data =
      joined === undefined
        ? value.data
        : Buffer.concat(how === 'append' ? [joined.data, value.data] : [value.data, joined.data])
    this.#put(key, data, joined?.flags ?? value.flags, joined?.expiresS ?? this.#expiry(value.exptime))
    return 'STORED'
  }

  delete(key: string): boolean {
    const found = this.#find(key)
    if (found === undefined) {
      this.counters.delete_misses++
      return false
    }
    this.counters.delete_hits++
    found.slab.counters.delete_hits++
    this.#drop(key)
    return true
  }

  /** The new value, `undefined` for an unknown key, `'not a number'` for a value that is none. */
  add(key: string, by: bigint, down: boolean): bigint | 'not a number' | undefined {
    const { counters } = this
    const found = this.#find(key)
    if (found === undefined) {
      if (down) counters.decr_misses++
      else counters.incr_misses++
      return undefined
    }
    const text = found.item.data.toString('latin1').trimEnd()
    if (!/^\d{1,20}$/.test(text)) return 'not a number'
    if (down) counters.decr_hits++
    else counters.incr_hits++
    if (down) found.slab.counters.decr_hits++
    else found.slab.counters.incr_hits++
    const before = BigInt(text)
    const after = down ? (before > by ? before - by : 0n) : BigInt.asUintN(64, before + by)
    // A value that has become shorter keeps its length, with blanks behind it.
    const data = Buffer.from(after.toString().padEnd(found.item.data.length))
    const { flags, expiresS } = found.item
    if (data.length === found.item.data.length) this.#overwrite(key, found.slab, found.item, data)
    else this.#put(key, data, flags, expiresS)
    return after
  }

  touch(key: string, exptime: number): boolean {
    const { counters } = this
    counters.cmd_touch++
    const found = this.#find(key)
    if (found === undefined) {
      counters.touch_misses++
      return false
    }
    counters.touch_hits++
    found.slab.counters.touch_hits++
    found.slab.items.set(key, { ...found.item, expiresS: this.#expiry(exptime) })
    return true
  }

  /** Forgets all that is stored by then; it is taken away when it is asked for. */
  flushAll(): void {
    this.counters.cmd_flush++
    this.#flushed = this.#versions
  }

  #nowS(): number {
    return Math.floor(this.#clock.unixMs() / 1000)
  }

  #expiry(exptime: number): number {
    if (exptime === 0) return Infinity
    if (exptime < 0) return -Infinity
    return exptime > RELATIVE_S_MAX ? exptime : this.#nowS() + exptime
  }

  #find(key: string, by?: 'get'): { readonly item: Item; readonly slab: Slab } | undefined {
    const slab = this.#slabOf.get(key)
    const item = slab?.items.get(key)
    if (slab === undefined || item === undefined) return undefined
    const isFlushed = item.version <= this.#flushed
    if (!isFlushed && item.expiresS > this.#nowS()) return { item, slab }
    if (by === 'get' && isFlushed) this.counters.get_flushed++
    else if (by === 'get') this.counters.get_expired++
    this.#drop(key)
    return undefined
  }

  #use(key: string, slab: Slab, item: Item): void {
    slab.items.delete(key)
    slab.items.set(key, item)
  }

  #put(key: string, data: Buffer, flags: number, expiresS: number): void {
    const bytes = itemBytes(Buffer.byteLength(key), data.length, flags)
    const slab = this.#slabFor(bytes)
    this.#drop(key)
    this.#makeRoom(slab, bytes)
    const item: Item = {
      flags,
      data,
      version: ++this.#versions,
      expiresS,
      storedS: this.#nowS(),
      bytes,
      slab: classOf(bytes),
    }
    slab.items.set(key, item)
    slab.counters.mem_requested += bytes
    this.#slabOf.set(key, slab)
    this.counters.total_items++
  }

  #overwrite(key: string, slab: Slab, old: Item, data: Buffer): void {
    slab.items.set(key, { ...old, data, version: ++this.#versions })
  }

  #drop(key: string): void {
    const slab = this.#slabOf.get(key)
    const item = slab?.items.get(key)
    if (slab === undefined || item === undefined) return
    slab.items.delete(key)
    slab.counters.mem_requested -= item.bytes
    this.#slabOf.delete(key)
  }

  #slabFor(bytes: number): Slab {
    const number = classOf(bytes)
    let slab = this.#slabs.get(number)
    if (slab === undefined) {
      const counters: SlabCounters = {
        pages: 1,
        get_hits: 0,
        cmd_set: 0,
        delete_hits: 0,
        incr_hits: 0,
        decr_hits: 0,
        cas_hits: 0,
        cas_badval: 0,
        touch_hits: 0,
        evicted: 0,
        reclaimed: 0,
        mem_requested: 0,
      }
      slab = { counters, items: new Map() }
      this.#slabs.set(number, slab)
    }
    return slab
  }

  /** Takes another page where all are full, or the place of the item that was used longest ago. */
  #makeRoom({ counters, items }: Slab, bytes: number): void {
    const perPage = Math.floor(PAGE_BYTES / CHUNK_BYTES[classOf(bytes) - 1]!)
    while (items.size >= counters.pages * perPage) {
      if (this.mallocedBytes + PAGE_BYTES <= this.limitBytes) {
        counters.pages++
        continue
      }
      const [oldest] = items
      if (oldest === undefined) return
      const [key, item] = oldest
      if (item.expiresS > this.#nowS()) {
        counters.evicted++
        this.counters.evictions++
      } else {
        counters.reclaimed++
        this.counters.reclaimed++
      }
      this.#drop(key)
    }
  }
}

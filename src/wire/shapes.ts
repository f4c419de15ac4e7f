// How keys become dictionary ids without a lookup: a trie over the order of keys in an object.
//
// Objects logged at one place have the same keys in the same order, so each node remembers the node that
// came next last time. Following that prediction is one pointer comparison per key; only a new order costs a
// map lookup. Keys seen once travel inline; a key is interned when it is seen again, so that objects used as
// maps (ids as keys) do not fill the dictionary.

import { CONTEXT_KEYS, FLAG_CONTEXT, FLAG_ERROR, TEXT_UTF8 } from './layout.js'

/** Nodes kept at most; beyond that keys are looked up one by one. */
const MAX_SHAPES = 16_384
/** Keys remembered at most; beyond that a key is not interned any more. */
const MAX_KEYS = 32_768
/** Longer keys are cut, visibly. */
const MAX_LABEL = 256
/** A key is interned at its second use. */
const USES_BEFORE_INTERNING = 2

/** A key of some object: its dictionary token, once it has one. */
export class KeyInfo {
  /** Dictionary id shifted into a token word; 0 while the key is not interned. */
  token = 0
  uses = 0
  /** Whether it names a part that every Error may have. */
  isErrorPart = false
  /** Record flag that a top-level field of this name raises. */
  readonly flag: number
  /** The name as it travels: cut at 256 characters. */
  readonly label: string
  /** The mask as the text of a token, so that masking an interned key is a copy of a few words. */
  maskWords: readonly number[]

  constructor(
    readonly name: string,
    /** What is written instead of the value, which never leaves JavaScript; undefined when it is written. */
    public mask: string | undefined,
  ) {
    this.maskWords = mask === undefined ? [] : textWords(mask)
    this.label = name.length > MAX_LABEL ? `${name.slice(0, MAX_LABEL)}…` : name
    this.flag = CONTEXT_KEYS.includes(name)
      ? FLAG_CONTEXT
      : name === 'err' || name === 'error'
        ? FLAG_ERROR
        : 0
  }
}

/** A text as it follows a token: length and encoding, then UTF-8 padded to a word. */
function textWords(text: string): number[] {
  const bytes = Buffer.from(text)
  const words = [(bytes.length << 2) | TEXT_UTF8]
  for (let at = 0; at < bytes.length; at += 4) {
    let word = 0
    for (let i = 0; i < 4; i++) word |= (bytes[at + i] ?? 0) << (i * 8)
    words.push(word)
  }
  return words
}

/** Field under which the error of a call travels. */
export const ERROR_KEY = 'err'
/** Place of a dictionary id in a token word; the tag is below it. */
export const KEY_SHIFT = 8
/** Different strings at a position after which it no longer looks for a constant one. */
const PATIENCE = 16

/** Returned instead of a position by code that was made for other keys. */
export const MISMATCH = -2
/** Times that a place must have seen the same keys before code is made for them; grows when they turn out not to last. */
const USES_BEFORE_CODE = 64
const MAX_USES_BEFORE_CODE = 1 << 20
/** Objects with other keys after which the code of a place is given up. */
const MISSES_ALLOWED = 256

/**
 * Code that writes the entries of objects with certain keys (see compiler.ts).
 *
 * @returns the next free word, or `MISMATCH` for other keys
 */
export type Entries = (
  object: object,
  start: number,
  a: object | undefined,
  b: object | undefined,
  c: object | undefined,
  d: object | undefined,
) => number

const noCode: Entries = () => MISMATCH

/** One position in the trie: a key after a certain sequence of keys. */
export class Shape {
  /** The position that followed last time. */
  next: Shape
  children: Map<string, Shape> | undefined = undefined
  /** Start of the objects found under this key. */
  inner: Shape | undefined = undefined
  /** The key's token, once it has one and nothing but the value is to be written; else 0. */
  token = 0
  /** Whether looking for repeated values at this position has paid off lately. */
  credit = 256
  /** The string found here last, its dictionary id once it counts as a constant, and how long to go on looking. */
  text = ''
  textId = 0
  repeats = 0
  patience = PATIENCE
  /** Of a start: writes the entries of the objects that are expected here. */
  code = noCode
  /**
   * Of a start: whether code would be used. That of inner objects is called by the code around them only; by itself
   * it would cost more than it saves where objects of many kinds follow each other.
   */
  wanted: boolean
  /** Of a start: the keys that were seen here last, and how much speaks for code for them. */
  private leaf: Shape | undefined = undefined
  private uses = 0
  private usesForCode = USES_BEFORE_CODE
  private misses = 0
  /** Whether a mask is written instead of whatever stands here. */
  readonly masked: boolean

  constructor(
    readonly key: string,
    readonly info: KeyInfo,
    /** The key belongs to the prototype, which somebody has polluted. */
    readonly inherited: boolean,
    none: Shape | undefined,
    /** The position before; undefined for a start. */
    readonly from: Shape | undefined,
    /** Whether the position is among the top-level fields of an event. */
    readonly top: boolean,
    /** Record flags that the keys up to this one raise: none but in top-level fields. */
    readonly flags: number,
  ) {
    this.next = none ?? this
    this.wanted = top
    this.masked = info.mask !== undefined && !inherited && !this.toJson
    this.refresh()
  }

  /** Whether the key is `toJSON`, which may replace the object that has it. */
  get toJson(): boolean {
    return this.key === 'toJSON'
  }

  /** Whether there is code for the objects of this start. */
  get hasCode(): boolean {
    return this.code !== noCode
  }

  /**
   * Notes that an object with the keys of `leaf` was written the general way; true when it is time to make code for
   * them. Other keys now and then do not hinder it.
   */
  isRipe(leaf: Shape): boolean {
    if (this.code !== noCode) return false
    if (this.leaf !== leaf) {
      this.uses -= 2
      if (this.uses < 0) {
        this.leaf = leaf
        this.uses = 0
      }
      return false
    }
    if (++this.uses < this.usesForCode) return false
    this.uses = 0
    if (this.usesForCode < MAX_USES_BEFORE_CODE) this.usesForCode *= 4
    return true
  }

  /** Notes that an object had other keys than the code is for. */
  miss(): void {
    if (++this.misses < MISSES_ALLOWED) return
    this.misses = 0
    this.code = noCode
  }

  /** Takes the fast path from now on, if the key allows it. */
  refresh(): void {
    if (!this.inherited && !this.masked && !this.toJson) this.token = this.info.token
  }
}

/** Names of the parts of an Error that every Error may have. */
const ERROR_PARTS = ['type', 'message', 'stack', 'cause', 'errors'] as const

/** The keys of those parts, found once. */
export type ErrorKeys = Readonly<Record<(typeof ERROR_PARTS)[number], KeyInfo>>

/** The keys of one encoder. */
export class Keys {
  readonly error: ErrorKeys
  private readonly keys = new Map<string, KeyInfo>()
  private mask: (name: string) => string | undefined

  constructor(mask: (name: string) => string | undefined) {
    this.mask = mask
    this.error = Object.fromEntries(ERROR_PARTS.map((name) => [name, this.get(name)])) as ErrorKeys
    for (const info of Object.values(this.error)) info.isErrorPart = true
  }

  /** Other masks from now on, also of the keys that are known. Shapes made before do not see that. */
  remask(mask: (name: string) => string | undefined): void {
    this.mask = mask
    for (const info of this.keys.values()) {
      info.mask = mask(info.name)
      info.maskWords = info.mask === undefined ? [] : textWords(info.mask)
    }
  }

  get(name: string): KeyInfo {
    let info = this.keys.get(name)
    if (info === undefined) {
      info = new KeyInfo(name, this.mask(name))
      if (this.keys.size < MAX_KEYS) this.keys.set(name, info)
    }
    return info
  }
}

/** The trie of one encoder. */
export class Shapes {
  private readonly keys: Keys
  private readonly none: Shape
  private count = 0
  /** Start of top-level fields. */
  readonly root: Shape
  /** Values outside objects (array elements, map entries). */
  readonly anonymous: Shape

  /**
   * @param strict - keep and predict nothing: every key is looked at, as is needed while Object.prototype has
   *   enumerable properties, which for-in shows as if they were the object's
   */
  constructor(
    keys: Keys,
    readonly strict: boolean,
  ) {
    this.keys = keys
    // A key that no object has by accident: following a prediction to it always fails.
    const unlikely = `\u0000${Math.random()}`
    this.none = new Shape(
      unlikely,
      new KeyInfo(unlikely, undefined),
      false,
      undefined,
      undefined,
      false,
      0,
    )
    this.root = this.start(true)
    this.anonymous = this.start(false)
  }

  /** A new start, of top-level fields or of others: objects of one origin (a call, a key) predict each other. */
  start(top: boolean): Shape {
    return new Shape(this.none.key, this.none.info, false, this.none, undefined, top, 0)
  }

  /** Start of the objects found under a position; positions that are not kept share one. */
  inside(node: Shape): Shape {
    if (node.inner === undefined) {
      if (this.strict || this.count >= MAX_SHAPES) return this.anonymous
      this.count++
      node.inner = this.start(false)
    }
    return node.inner
  }

  /** The position of `key` after `from`; called when the prediction failed. */
  follow(from: Shape, key: string, owner: object): Shape {
    let children = from.children
    if (children === undefined) {
      if (!Object.hasOwn(owner, key)) return this.foreign(from, key)
      if (this.strict || this.count >= MAX_SHAPES) return this.create(from, key)
      children = new Map()
      from.children = children
    }
    let node = children.get(key)
    if (node === undefined) {
      if (!Object.hasOwn(owner, key)) return this.foreign(from, key)
      if (this.count >= MAX_SHAPES) return this.create(from, key)
      this.count++
      node = this.create(from, key)
      children.set(key, node)
    }
    from.next = node
    return node
  }

  /** Keys of the parts of an Error. */
  get error(): ErrorKeys {
    return this.keys.error
  }

  /** The key itself, for callers that have no position. */
  key(name: string): KeyInfo {
    return this.keys.get(name)
  }

  /** Counts a use of a key that has no token yet; true when it should be interned now. */
  static ripe(info: KeyInfo): boolean {
    return ++info.uses >= USES_BEFORE_INTERNING
  }

  /** A key of the prototype: never kept, since the same key may be an own one next time. */
  private foreign(from: Shape, key: string): Shape {
    return new Shape(key, this.key(key), true, this.none, from, from.top, from.flags)
  }

  private create(from: Shape, key: string): Shape {
    const info = this.key(key)
    const flags = from.top ? from.flags | info.flag : 0
    return new Shape(key, info, false, this.none, from, from.top, flags)
  }
}

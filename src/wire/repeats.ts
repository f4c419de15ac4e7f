// Finds the strings that come again and again, so that they travel as a number: a word instead of their bytes.
//
// Three kinds, each with the cheapest test for it: the message of a call (a small table, since messages are short
// and mostly literals), a string that is always the same at its place, and long strings anywhere.

import type { RingProducer } from '../ring/producer.js'
import { charCodeAt } from './characters.js'
import type { Shape } from './shapes.js'

/** Longer strings are not interned as values. */
export const MAX_INTERNED = 512
/** Slots of the table that finds repeated messages. */
const MESSAGE_SLOTS = 2048
/** A string is interned when it was seen this often in its slot. */
const REPEATS_BEFORE_INTERNING = 3
/** Other messages in its slot that an interned message outlives. */
const MESSAGE_CREDIT = 64
/** Strings for which a position stops looking for repeats once they did not repeat. */
const RETRY_AFTER = 2048
/** Long strings that are remembered while it is open whether they repeat. */
const MAX_CANDIDATES = 1024
/** Upper bound of a position's credit. */
const MAX_CREDIT = 512
/** Misses allowed when it looks again. */
const SECOND_CHANCE = 128

/** A message, or a long string, that may repeat. */
export class Candidate {
  /** Dictionary id once it has been interned, else 0. */
  id = 0
  /** How often it was seen; once it is interned, how many others of its slot it outlives. */
  count = 1
  /** Prediction for the fields of calls with this message. */
  root: Shape | undefined = undefined

  constructor(public text: string) {}
}

/** The repeated strings of one encoder. */
export class Repeats {
  private readonly messages: (Candidate | undefined)[] = new Array(MESSAGE_SLOTS).fill(undefined)
  private readonly values = new Map<string, Candidate>()
  private readonly interned = new Map<string, number>()
  private readonly ring: RingProducer
  /** Whether the dictionary has room, as far as is known. */
  open = true

  constructor(ring: RingProducer) {
    this.ring = ring
  }

  /** Interns a string that will be referred to often; 0 when the dictionary is full. */
  intern(text: string): number {
    const known = this.interned.get(text)
    if (known !== undefined) return known
    const id = this.ring.intern(text)
    if (id === 0) {
      this.open = false
    } else {
      this.interned.set(text, id)
    }
    return id
  }

  /** Forgets which positions follow a message: they are to be looked at anew. */
  forgetShapes(): void {
    for (const message of this.messages) if (message !== undefined) message.root = undefined
  }

  /** The entry of a message that has been interned; undefined as long as it has not. */
  message(text: string, length: number): Candidate | undefined {
    const slot =
      (length * 7 + charCodeAt(text, length - 1) * 61 + charCodeAt(text, length >> 1) * 127) &
      (MESSAGE_SLOTS - 1)
    const found = this.messages[slot]
    if (found === undefined) {
      this.messages[slot] = new Candidate(text)
      return undefined
    }
    if (found.text === text) {
      if (found.id !== 0) return found
      if (++found.count < REPEATS_BEFORE_INTERNING) return undefined
      found.id = this.intern(text)
      found.count = MESSAGE_CREDIT
      return found.id === 0 ? undefined : found
    }
    if (--found.count <= 0) {
      found.text = text
      found.id = 0
      found.count = 1
      found.root = undefined
    }
    return undefined
  }

  /** Whether the string at a position is a constant: the same several times, and interned since then. */
  constant(node: Shape, text: string): boolean {
    if (text === node.text) {
      if (node.textId !== 0) return true
      if (++node.repeats >= REPEATS_BEFORE_INTERNING) {
        if (text.length <= MAX_INTERNED && this.open) node.textId = this.intern(text)
        else node.patience = 0
      }
      return false
    }
    node.text = text
    node.textId = 0
    node.repeats = 0
    node.patience--
    return false
  }

  /** Dictionary id of a long string that repeats, or 0. A position where none does is left alone for a while. */
  value(node: Shape, text: string, length: number): number {
    if (length > MAX_INTERNED || !this.open) return 0
    if (node.credit <= 0) {
      if (++node.credit === 0) node.credit = SECOND_CHANCE
      return 0
    }
    // The hash is V8's own, kept in the string.
    const known = this.values.get(text)
    if (known !== undefined) {
      if (node.credit < MAX_CREDIT) node.credit += 4
      if (known.id === 0 && ++known.count >= REPEATS_BEFORE_INTERNING) known.id = this.intern(text)
      return known.id
    }
    if (--node.credit <= 0) node.credit = -RETRY_AFTER
    if (this.values.size >= MAX_CANDIDATES) this.values.clear()
    this.values.set(text, new Candidate(text))
    return 0
  }
}

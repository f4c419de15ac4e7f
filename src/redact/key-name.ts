// Keys whose values never leave JavaScript: the same matching of names as crates/core/src/stages/redact/key_name.rs
// has, for rules that need nothing but the key. Asked once per key, never per event.

/** Names and masks, as crates/core/src/stages/redact/withheld.rs gives them. */
export interface WithheldNames {
  /** Names that are whole keys, folded, with the numbers of their rules. */
  readonly whole: readonly (readonly [name: string, rule: number])[]
  /** Names that are words of a key. */
  readonly words: readonly (readonly [name: string, rule: number])[]
  /** Names that stand anywhere in a key. */
  readonly within: readonly (readonly [name: string, rule: number])[]
  /** Masks by the number of the rule; null where the rule needs the value. */
  readonly masks: readonly (string | null)[]
  /** Last words of keys that are about something secret and do not hold it. */
  readonly about: readonly string[]
  /** First words of such keys. */
  readonly asking: readonly string[]
}

const DIGIT = 0
const LOWER = 1
const UPPER = 2
const SEPARATOR = 3
type Class = typeof DIGIT | typeof LOWER | typeof UPPER | typeof SEPARATOR

/** Longer keys are compared up to here, in bytes of UTF-8. */
const MAX_BYTES = 1024

/** `undefined` for characters that nobody sees. */
function visible(char: string): string | undefined {
  const code = char.codePointAt(0) as number
  if (code < 0xad) return char
  if (code === 0xad || (code >= 0x200b && code <= 0x200d) || code === 0x2060 || code === 0xfeff)
    return undefined
  // Full-width forms of ASCII.
  return code >= 0xff01 && code <= 0xff5e ? String.fromCharCode(code - 0xfee0) : char
}

function classOf(char: string): Class {
  const code = char.codePointAt(0) as number
  if (code >= 48 && code <= 57) return DIGIT
  if (code >= 97 && code <= 122) return LOWER
  if (code >= 65 && code <= 90) return UPPER
  if (code <= 0xbf || (code >= 0x2000 && code <= 0x206f) || (code >= 0x3000 && code <= 0x303f))
    return SEPARATOR
  return char.toLowerCase() === char ? LOWER : UPPER
}

/** A key's letters and digits in lower case, and where its words begin and the last one ends. */
export function fold(key: string): { readonly text: string; readonly borders: readonly number[] } {
  const chars: string[] = []
  for (const char of key) {
    // A lone surrogate is what it becomes on its way.
    const seen = visible(/[\ud800-\udfff]/.test(char) && char.length === 1 ? '\ufffd' : char)
    if (seen !== undefined) chars.push(seen)
  }
  const borders: number[] = []
  let text = ''
  let bytes = 0
  let before: Class = SEPARATOR
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] as string
    const here = classOf(char)
    if (here !== SEPARATOR) {
      const next = chars[i + 1]
      const starts =
        before === SEPARATOR ||
        (before === DIGIT) !== (here === DIGIT) ||
        (here === UPPER &&
          (before === LOWER ||
            // The last capital of several belongs to the word behind it.
            (before === UPPER && next !== undefined && classOf(next) === LOWER)))
      if (starts) borders.push(text.length)
      const lower = char.toLowerCase()
      text += lower
      bytes += Buffer.byteLength(lower)
      if (bytes >= MAX_BYTES) break
    }
    before = here
  }
  borders.push(text.length)
  return { text, borders }
}

/** Tells which keys are withheld. */
export class WithheldKeys {
  private readonly whole: ReadonlyMap<string, number>
  private readonly words: ReadonlyMap<string, number>
  private readonly within: readonly (readonly [string, number])[]
  private readonly masks: readonly (string | null)[]
  private readonly about: ReadonlySet<string>
  private readonly asking: ReadonlySet<string>
  private readonly longest: number

  constructor(names: WithheldNames) {
    this.whole = new Map(names.whole)
    this.words = new Map(names.words)
    this.within = names.within
    this.masks = names.masks
    this.about = new Set(names.about)
    this.asking = new Set(names.asking)
    this.longest = names.words.reduce((most, [name]) => Math.max(most, name.length), 0)
  }

  /** What is written instead of a key's value; undefined when the value is. */
  mask(key: string): string | undefined {
    const rule = this.rule(key)
    return rule === undefined ? undefined : (this.masks[rule] ?? undefined)
  }

  /** The number of the rule that a key falls under: of several the first. */
  rule(key: string): number | undefined {
    const { text, borders } = fold(key)
    let found = this.whole.get(text)
    const take = (rule: number, start: number, end: number) => {
      if ((found === undefined || rule < found) && !this.isAbout(text, borders, start, end))
        found = rule
    }
    for (let i = 0; i < borders.length; i++) {
      const start = borders[i] as number
      for (let j = i + 1; j < borders.length; j++) {
        const end = borders[j] as number
        if (end - start > this.longest) break
        const rule = this.words.get(text.slice(start, end))
        if (rule !== undefined) take(rule, start, end)
      }
    }
    for (const [name, rule] of this.within) {
      const start = text.indexOf(name)
      if (start >= 0) take(rule, start, start + name.length)
    }
    return found
  }

  /** Whether the key talks about what stands there instead of holding it. */
  private isAbout(text: string, borders: readonly number[], start: number, end: number): boolean {
    if (borders.length < 3) return false
    const last = borders.at(-2) as number
    if (last >= end && this.about.has(text.slice(last))) return true
    const first = borders[1] as number
    return start >= first && this.asking.has(text.slice(0, first))
  }
}

// Version ranges as package.json has them: `^3`, `~3.1`, `3.x`, `>=3.1 <4`, `3.0.0 - 3.4` is not among them, `||` is.
// The meanings are those of https://github.com/npm/node-semver#ranges, but that a prerelease counts as the release
// that it leads to: who tries 3.0.0-alpha.0 wants the plugins for 3.

type Version = readonly [major: number, minor: number, patch: number]
type Bound = readonly [operator: '>=' | '<' | '>' | '<=', version: Version]

const PART = '(\\d+|[xX*])'
const COMPARATOR = new RegExp(
  `^(\\^|~|>=|<=|>|<|=)?v?${PART}(?:\\.${PART}(?:\\.${PART})?)?(?:[-+][0-9A-Za-z.+-]+)?$`,
)

/** Whether a version is within a range; undefined when the range is none, or the version. */
export function satisfies(version: string, range: string): boolean | undefined {
  const parsed = /^(\d+)\.(\d+)\.(\d+)(?:[-+]|$)/.exec(version)
  const alternatives = range.split('||').map(bounds)
  if (parsed === null || alternatives.includes(undefined)) return undefined
  const given: Version = [Number(parsed[1]), Number(parsed[2]), Number(parsed[3])]
  return (alternatives as Bound[][]).some((all) => all.every((bound) => within(given, bound)))
}

function within(version: Version, [operator, bound]: Bound): boolean {
  const order = compare(version, bound)
  if (operator === '>=') return order >= 0
  if (operator === '<=') return order <= 0
  return operator === '>' ? order > 0 : order < 0
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

/** All of them have to hold; undefined for what is no range. */
function bounds(text: string): Bound[] | undefined {
  const comparators = text
    .trim()
    .replace(/([\^~<>=])\s+/g, '$1')
    .split(/\s+/)
  const all: Bound[] = []
  for (const comparator of comparators) {
    const found = comparator === '' ? [] : boundsOf(comparator)
    if (found === undefined) return undefined
    all.push(...found)
  }
  return all
}

function boundsOf(comparator: string): Bound[] | undefined {
  const parts = COMPARATOR.exec(comparator)
  if (parts === null) return undefined
  const numbers = parts
    .slice(2)
    .map((part) => (/^\d+$/.test(part ?? '') ? Number(part) : undefined))
  const wild = numbers.indexOf(undefined)
  /** How many parts are there before the first that may be anything. */
  const fixed = wild === -1 ? 3 : wild
  const [major = 0, minor = 0, patch = 0] = numbers.map((n, i) => (i < fixed ? n : 0))
  const from: Version = [major, minor, patch]
  /** The first version above all that begin with so many of the parts. */
  const above = (kept: number): Version =>
    kept === 1 ? [major + 1, 0, 0] : kept === 2 ? [major, minor + 1, 0] : [major, minor, patch + 1]
  const operator = parts[1] ?? '='
  if (fixed === 0) return operator === '<' || operator === '>' ? [['<', [0, 0, 0]]] : []
  switch (operator) {
    case '>=':
      return [['>=', from]]
    case '<':
      return [['<', from]]
    case '>':
      return [['>=', above(fixed)]]
    case '<=':
      return [['<', above(fixed)]]
    case '~':
      return [
        ['>=', from],
        ['<', above(Math.min(fixed, 2))],
      ]
    case '^': {
      const first = from.slice(0, fixed).findIndex((part) => part !== 0)
      return [
        ['>=', from],
        ['<', above(first === -1 ? fixed : first + 1)],
      ]
    }
    default:
      return [
        ['>=', from],
        ['<', above(fixed)],
      ]
  }
}

// Texts with secrets and texts that look like it, by detector. Made anew from the same seed each time, so that the
// corpus is fixed without being a file of thousands of lines.

/** A generator of pseudo-random numbers (mulberry32). */
function random(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const DIGITS = '0123456789'
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const LOWER = UPPER.toLowerCase()
const HEX = '0123456789abcdef'
const ALPHANUMERIC = UPPER + LOWER + DIGITS
const URL_SAFE = `${ALPHANUMERIC}-_`

function make(seed) {
  const next = random(seed)
  const pick = (list) => list[Math.floor(next() * list.length)]
  const some = (alphabet, count) => Array.from({ length: count }, () => pick(alphabet)).join('')
  return { next, pick, some }
}

/** The digit that makes a number valid (ISO/IEC 7812-1). */
function luhn(digits) {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    sum += i % 2 === 0 ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return String((10 - (sum % 10)) % 10)
}

const remainder = (text) =>
  [...text].reduce((rest, char) => {
    const value = Number.parseInt(char, 36)
    return (rest * (value > 9 ? 100 : 10) + value) % 97
  }, 0)

/** Issuer prefixes and lengths of the documented card shapes. */
const CARDS = [
  [['4'], [13, 16, 19]],
  [['51', '52', '53', '54', '55', '2221', '2720', '2345'], [16]],
  [['34', '37'], [15]],
  [
    ['6011', '644', '649', '65'],
    [16, 19],
  ],
  [['300', '305', '36', '38', '39'], [14]],
  [
    ['3528', '3589'],
    [16, 19],
  ],
  [['62'], [16, 17, 18, 19]],
  [
    ['5018', '5893', '6304', '6759'],
    [16, 18, 19],
  ],
  [['2200', '2204'], [16]],
]

/** Countries and what their account numbers consist of: n digits, a letters, c either. */
const IBANS = {
  DE: 'n18',
  GB: 'a4n14',
  FR: 'n10c11n2',
  NL: 'a4n10',
  ES: 'n20',
  IT: 'a1n10c12',
  CH: 'n5c12',
  NO: 'n11',
  PL: 'n24',
  MT: 'a4n5c18',
  BR: 'n23a1c1',
  SA: 'n2c18',
}

const grouped = (text, size, by) => text.match(new RegExp(`.{1,${size}}`, 'g')).join(by)
const wide = (text) =>
  text.replaceAll(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0))
const arabic = (text) => text.replaceAll(/\d/g, (d) => String.fromCharCode(0x660 + Number(d)))
const sprinkled = (text) => [...text].join('\u200b')

/** How a number may be disguised and still is read as one. */
const DISGUISES = [
  (text) => text,
  (text) => text,
  (text) => text,
  wide,
  arabic,
  sprinkled,
  (text) => text.replaceAll(' ', '\u00a0').replaceAll('-', '\u2011'),
]
/** Where it stands. */
const PLACES = [
  (secret) => secret,
  (secret) => `value: ${secret}`,
  (secret) => `(${secret})`,
  (secret) => `"${secret}"`,
  (secret) => `got ${secret}, went on`,
  (secret) => `Error: bad ${secret}\n    at pay (/srv/app.js:10:3)`,
  (secret) => JSON.stringify({ a: [{ n: 1, value: secret }] }),
  (secret) => JSON.stringify({ body: JSON.stringify({ value: secret }) }),
  (secret) => `ключ=${secret};`,
  (secret) => `値は${secret}です`,
]

const secrets = {
  card({ pick, some }) {
    const [prefixes, lengths] = pick(CARDS)
    const prefix = pick(prefixes)
    const body = prefix + some(DIGITS, pick(lengths) - prefix.length - 1)
    const number = body + luhn(body)
    const by = pick(['', '', ' ', '-'])
    if (by === '') return number
    return number.length === 15
      ? [number.slice(0, 4), number.slice(4, 10), number.slice(10)].join(by)
      : grouped(number, 4, by)
  },
  iban({ pick, some, next }) {
    const country = pick(Object.keys(IBANS))
    const alphabets = { n: DIGITS, a: UPPER, c: UPPER + DIGITS }
    const account = IBANS[country].replaceAll(/([nac])(\d+)/g, (_, kind, count) =>
      some(alphabets[kind], Number(count)),
    )
    const check = String(98 - remainder(`${account}${country}00`)).padStart(2, '0')
    const iban = `${country}${check}${account}`
    return next() < 0.3 && /(\d.*){9}/.test(iban) ? grouped(iban, 4, ' ') : iban
  },
  email: ({ pick, some, next }) =>
    `${some(LOWER, 1 + next() * 10)}${pick(['', '.x', '+tag', '_1', '-b'])}@${some(LOWER, 2 + next() * 8)}.${pick(['com', 'co.uk', 'example', 'io', 'xn--p1ai'])}`,
  phone({ pick, some }) {
    const by = pick(['', ' ', '-', '.'])
    return `+${pick(['1', '44', '49', '380'])}${by}${some(DIGITS, 3)}${by}${some(DIGITS, 3)}${by}${some(DIGITS, 4)}`
  },
  ssn({ pick, some, next }) {
    const area = String(1 + Math.floor(next() * 665)).padStart(3, '0')
    const by = pick(['-', ' '])
    return `${area}${by}${pick('123456789')}${some(DIGITS, 1)}${by}${some(DIGITS, 3)}${pick('123456789')}`
  },
  jwt({ some, next }) {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
    return `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: some(DIGITS, 6) })}.${next() < 0.1 ? '' : some(URL_SAFE, 43)}`
  },
  privateKey({ pick, some }) {
    const kind = pick(['', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED '])
    return `-----BEGIN ${kind}PRIVATE KEY-----\n${grouped(some(`${ALPHANUMERIC}+/`, 300), 64, '\n')}\n-----END ${kind}PRIVATE KEY-----`
  },
  apiKey: ({ pick, some }) =>
    pick([
      () => `AKIA${some(UPPER + DIGITS, 16)}`,
      () => `ghp_${some(ALPHANUMERIC, 36)}`,
      () => `github_pat_${some(ALPHANUMERIC, 22)}_${some(ALPHANUMERIC, 59)}`,
      () => `glpat-${some(URL_SAFE, 20)}`,
      () => `xoxb-${some(DIGITS, 12)}-${some(DIGITS, 12)}-${some(ALPHANUMERIC, 24)}`,
      () => `sk_live_${some(ALPHANUMERIC, 24)}`,
      () => `AIza${some(URL_SAFE, 35)}`,
      () => `sk-proj-${some(URL_SAFE, 48)}`,
      () => `sk-ant-api03-${some(URL_SAFE, 93)}`,
      () => `npm_${some(ALPHANUMERIC, 36)}`,
      () => `SG.${some(URL_SAFE, 22)}.${some(URL_SAFE, 43)}`,
      () => `hf_${some(ALPHANUMERIC, 34)}`,
    ])(),
  authorization: ({ pick, some }) =>
    pick([
      () => some(ALPHANUMERIC, 40),
      () => `${some(URL_SAFE, 30)}==`,
      () => Buffer.from(`${some(LOWER, 5)}:${some(ALPHANUMERIC, 12)}`).toString('base64'),
    ])(),
  url: ({ some, next }) => `${some(LOWER, 5)}:${some(`${ALPHANUMERIC}%!$&*`, 8 + next() * 8)}`,
}

/** Texts that hold no secret of the kind, however much they look like it. */
const lookalikes = {
  card: [
    ({ some }) => `17${some(DIGITS, 11)}`,
    ({ some }) => `9${some(DIGITS, 15)}`,
    ({ some }) => some(HEX, 40),
    ({ some }) => `0.${some(DIGITS, 16)}`,
    ({ some }) =>
      `${some(HEX, 8)}-${some(HEX, 4)}-4${some(HEX, 3)}-a${some(HEX, 3)}-${some(HEX, 12)}`,
    ({ some }) => `10.${some(DIGITS, 2)}.${some(DIGITS, 2)}.1, 10.${some(DIGITS, 2)}.7.2`,
    ({ some }) => `2026-01-${some('12', 2)}T03:04:05.${some(DIGITS, 6)}Z`,
    ({ some }) => `order 4${some(DIGITS, 15)}`,
    ({ some }) => `4${some(DIGITS, 11)}`,
    ({ some }) => some(DIGITS, 24),
  ],
  iban: [
    ({ some }) => `DE${some(DIGITS, 20)}`,
    ({ some }) => `AB${some(DIGITS, 20)}`,
    ({ some }) => some(UPPER + DIGITS, 26),
    ({ some }) => `TX12${some(ALPHANUMERIC, 18)}`,
  ],
  email: [
    ({ some }) => `@${some(LOWER, 6)}/${some(LOWER, 5)}@1.2.3`,
    ({ some }) => `@${some(LOWER, 8)}`,
    ({ some }) => `${some(LOWER, 5)}@${some(LOWER, 5)}`,
    ({ some }) => `${some(LOWER, 5)}@${some(DIGITS, 1)}.${some(DIGITS, 2)}.0`,
  ],
  phone: [
    ({ some }) => `+${some('123456789', 5)}`,
    ({ some }) => `1+${some('123456789', 9)}`,
    ({ some }) => `UTC+0${some(DIGITS, 1)}:00`,
    ({ some }) => `+0${some(DIGITS, 10)}`,
  ],
  ssn: [
    ({ some }) => `9${some(DIGITS, 2)}-${some(DIGITS, 2)}-${some(DIGITS, 4)}`,
    ({ some }) => `000-${some('12', 2)}-${some('12', 4)}`,
    ({ some }) => some(DIGITS, 9),
    ({ some }) => `${some('123', 3)}-${some('12', 2)}-${some('12', 5)}`,
    ({ some }) => `2026-${some('01', 2)}-${some('12', 2)}`,
  ],
  jwt: [
    ({ some }) => `eyJ${some(URL_SAFE, 30)}`,
    ({ some }) => `x${some(URL_SAFE, 20)}.${some(URL_SAFE, 20)}.${some(URL_SAFE, 20)}`,
    ({ some }) => `www.${some(LOWER, 12)}.example.com`,
  ],
  privateKey: [
    ({ some }) =>
      `-----BEGIN CERTIFICATE-----\n${some(ALPHANUMERIC, 64)}\n-----END CERTIFICATE-----`,
    ({ some }) => `-----BEGIN PUBLIC KEY-----\n${some(ALPHANUMERIC, 64)}\n-----END PUBLIC KEY-----`,
    () => 'PRIVATE KEY',
  ],
  apiKey: [
    ({ some }) => `AKIA${some(UPPER, 20)}`,
    ({ some }) => `ghp_${some(LOWER, 8)}`,
    ({ some }) => `sk-${some(LOWER, 6)}-${some(LOWER, 8)}-${some(LOWER, 9)}-${some(LOWER, 9)}`,
    ({ some }) => `npm_config_${some(LOWER, 20)}`,
    ({ some }) => some(HEX, 40),
    ({ some }) => some(ALPHANUMERIC, 40),
  ],
  authorization: [
    () => 'Bearer authentication',
    ({ some }) => `bearer of ${some(LOWER, 12)}`,
    ({ some }) => `basic ${some(LOWER, 14)}`,
    () => 'WWW-Authenticate: Basic realm="x"',
  ],
  url: [
    ({ some }) => `https://${some(LOWER, 8)}.com/@${some(LOWER, 5)}`,
    ({ some }) => `http://${some(LOWER, 8)}:8080/a/@b`,
    ({ some }) => `https://${some(LOWER, 5)}.io/?q=${some(LOWER, 4)}@${some(LOWER, 4)}.de`,
    ({ some }) => `/api/${some(LOWER, 6)}?page=${some(DIGITS, 2)}&sort=name`,
    ({ some }) => `// ${some(LOWER, 6)} @ ${some(LOWER, 3)}`,
  ],
}

/** Secrets that only show where something stands around them. */
const AROUND = {
  authorization: (secret, { pick }) => {
    const isBasic = Buffer.from(secret, 'base64')
      .toString('latin1')
      .match(/^[a-z]{5}:/)
    return `${isBasic ? 'Basic' : pick(['Bearer', 'bearer'])} ${secret}`
  },
  url: (secret, { pick }) =>
    `${pick(['https', 'postgres', 'redis', 'mongodb+srv'])}://${secret}@${pick(['db', 'host.example:5432', '[::1]'])}/x?y=1`,
}

/** Kinds of numbers that may be disguised. */
const NUMBERS = new Set(['card', 'ssn'])

export const DETECTORS = Object.keys(secrets)

/**
 * The corpus of a detector: texts, each with the secret in it, or with none.
 * @returns {{ text: string, secret: string | undefined }[]}
 */
export function corpus(detector, count = 2000) {
  const tools = make(DETECTORS.indexOf(detector) + 1)
  const samples = []
  for (let i = 0; i < count; i++) {
    let secret = secrets[detector](tools)
    if (NUMBERS.has(detector)) secret = tools.pick(DISGUISES)(secret)
    const around = AROUND[detector]?.(secret, tools) ?? secret
    // Letters around an address belong to it, in any script.
    const places = detector === 'email' ? PLACES.slice(0, 9) : PLACES
    samples.push({ text: tools.pick(places)(around), secret })
    const lookalike = tools.pick(lookalikes[detector])(tools)
    samples.push({ text: tools.pick(PLACES.slice(0, 7))(lookalike), secret: undefined })
  }
  return samples
}

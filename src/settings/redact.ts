// What nobody may see: names, places and looks of secrets. The rules themselves are in
// crates/core/src/stages/redact.

import { z } from 'zod/mini'
import { DETECTORS } from '../redact/detectors.js'
import { choice, count, flag, size, text } from './kinds.js'
import { group, kind, named, required, setting } from './meaning.js'

const PRESETS = [
  'CREDENTIALS',
  'PCI-DSS',
  'GDPR',
  'UK-GDPR',
  'CCPA',
  'HIPAA',
  'CONTACT-INFO',
  'PERSONAL-IDENTIFIERS',
  'ONLINE-IDENTIFIERS',
  'FINANCIAL-IDENTIFIERS',
  'US-GOVERNMENT-IDS',
  'UK-GOVERNMENT-IDS',
  'EU-GOVERNMENT-IDS',
] as const

const strategy = named(
  'RedactStrategy',
  'What becomes of a secret: a mask in its place, the mask and its last four letters or digits, a keyed hash, or nothing at all.',
  choice(['mask', 'keep-last-4', 'hash', 'remove']),
)

const own = () =>
  setting(strategy, {
    description: 'What becomes of it',
    otherwise: "`redact`'s `strategy`",
    example: 'remove',
  })

const field = group(
  {
    name: 'RedactField',
    description: 'A field by its name.',
    heading: 'An object in `redact.fields`',
  },
  {
    name: required(text(1, 200), {
      description: 'The name, in any spelling',
      example: 'account number',
    }),
    strategy: own(),
  },
)

const path = group(
  {
    name: 'RedactPath',
    description: 'A place in an event.',
    heading: 'An object in `redact.paths`',
  },
  {
    path: required(text(1, 1000), { description: 'Where it is', example: 'user.email' }),
    strategy: own(),
  },
)

/** A regular expression as text; the flags that both sides know go with it. */
function source(regex: string | RegExp): string {
  if (typeof regex === 'string') return regex
  const flags = regex.flags.replaceAll(/[^ims]/g, '')
  return flags === '' ? regex.source : `(?${flags})${regex.source}`
}

const regex: z.ZodMiniType<string, string | RegExp> = kind(
  z.pipe(
    z.custom<string | RegExp>(
      (value) => (typeof value === 'string' && value !== '') || value instanceof RegExp,
      { error: 'a regular expression' },
    ),
    z.transform(source),
  ),
  {
    type: 'string | RegExp',
    allowed: 'a regular expression without look-around, back-references and `\\p{…}`',
    json: { type: 'string', minLength: 1 },
  },
)

const pattern = group(
  {
    name: 'RedactPattern',
    description: 'A regular expression for what is secret in texts.',
    heading: 'An object in `redact.patterns`',
  },
  {
    name: setting(text(1, 100), {
      description: 'What it is called in errors',
      example: 'order number',
    }),
    regex: required(regex, {
      description:
        'The expression, in the syntax of the Rust crate `regex`; flags `i`, `m` and `s` of a `RegExp` count. Of a group called `secret` only its text is redacted',
      example: 'ORD-\\d+',
    }),
    strategy: own(),
  },
)

const detector = group(
  {
    name: 'RedactDetector',
    description: 'A kind of secret that is known by its looks.',
    heading: 'An object in `redact.detectors`',
  },
  {
    name: required(choice(DETECTORS), { description: 'The kind', example: 'card' }),
    strategy: own(),
  },
)

export const redact = group(
  { name: 'RedactOptions', description: 'What nobody may see.' },
  {
    presets: setting(z.array(choice(PRESETS)), {
      description: 'Ready-made rules, which can be combined: see [presets](redaction.md#presets)',
      default: [],
      example: ['CREDENTIALS', 'PCI-DSS'],
    }),
    fields: setting(z.array(z.union([text(1, 200), field])), {
      description:
        'Names of fields, found among the words of a key at any depth: `api key` finds `apiKey` and `X-API-KEY`, see [names](redaction.md#names)',
      default: [],
      example: ['account number', { name: 'email', strategy: 'hash' }],
    }),
    paths: setting(z.array(z.union([text(1, 1000), path])), {
      description: 'Places, from the top of the event: see [paths](redaction.md#paths)',
      default: [],
      example: ['user.email', '**.ssn', { path: 'items[*].card', strategy: 'keep-last-4' }],
    }),
    block: setting(z.union([flag(), z.array(text(1, 200))]), {
      description:
        'Names of fields whose value is taken out, whatever it is; `true` for `body`, `payload`, `raw`, `dump` and their kind',
      default: false,
      example: ['body', 'query'],
    }),
    allow: setting(z.array(text(1, 1000)), {
      description:
        'Paths of the only fields that stay; the context of the line and the type, message and stack of errors stay too',
      default: [],
      example: ['orderId', 'req.method'],
    }),
    patterns: setting(z.array(z.union([regex, pattern])), {
      description: 'Regular expressions, at most 64: see [patterns](redaction.md#patterns)',
      default: [],
      example: ['ORD-\\d+'],
    }),
    detectors: setting(z.union([flag(), z.array(z.union([choice(DETECTORS), detector]))]), {
      description:
        'Kinds of secrets found by their looks in messages, texts, errors and stacks; `true` for all but `phone` and `url`, see [detectors](redaction.md#detectors)',
      otherwise: 'those of the presets',
      example: ['card', { name: 'email', strategy: 'hash' }],
    }),
    urls: setting(flag(), {
      description:
        'User names and passwords in URLs, and query parameters with the names of credentials',
      otherwise: '`true` with the preset `CREDENTIALS`',
      example: true,
    }),
    strategy: setting(strategy, {
      description: 'What becomes of what a rule finds that says nothing else',
      default: 'mask',
      example: 'remove',
    }),
    mask: setting(text(1, 100), {
      description: 'What stands in the place of secrets',
      default: '***',
      example: '[Redacted]',
    }),
    hashKey: setting(text(16, 1000), {
      description:
        "Key of the strategy `hash`, which is a mask without one. Not with `durability: 'crash-safe'`, which keeps the settings in a file",
      example: 'a secret of some length',
    }),
    hashKeyEnv: setting(text(1, 200), {
      description: 'Environment variable that has the key instead',
      example: 'LOG_HASH_KEY',
    }),
    maxStringLength: setting(count(1, 1_000_000), {
      description: 'Longer texts are cut, visibly; in characters',
      otherwise: 'no limit',
      example: 10_000,
    }),
    jsonStrings: setting(flag(), {
      description: 'Texts that contain JSON are read, and the rules applied to their keys',
      default: false,
      example: true,
    }),
    maxScanBytes: setting(size(1024, 64 << 20), {
      description: 'Text looked at in one event; what is beyond is withheld and counted',
      default: '256 KB',
      example: '1 MB',
    }),
  },
)

/** Redaction with every default filled in. */
export type ResolvedRedact = z.output<typeof redact>

// Prints what ssri makes of each value, for ssri.json: the values of its own tests
// (test/{parse,stringify,check,integrity,match}.js) that have sha256, sha384 or
// sha512, and some of ours.
import { createHash } from 'node:crypto'
import ssri from 'ssri'

const data = 'the bytes of a script\n'
const hash = (algorithm, of = data) => `${algorithm}-${createHash(algorithm).update(of).digest('base64')}`
const x = 'x'.repeat(49)
const right = hash('sha512')

const values = {
  'single entry': right,
  'options': `${right}?one?two?three`,
  'a digest that is none': `sha512-${x}`,
  'weak, digest that is none': `md5-${x}`,
  'unknown algorithm': `foo-${x}`,
  'short digests': 'sha512-asdf sha1-qwer',
  'several entries': `${hash('sha1')} ${hash('sha256')} sha1-OthERhaSh unknown-WoWoWoWoW`,
  'any white space': '\tsha512-foobarbaz \n\rsha384-bazbarfoo\n         \t  \t\t sha256-foo',
  'any white space, right': `\t${hash('sha384')} \n\r${hash('sha384', 'other')}\n`,
  'invalid entries': `thisisbad -deadbeef sha512- ${right}`,
  'white space around': `      ${right}    `,
  'strict parsing': `${hash('sha1')} sha512-@#$@%#$ ${right}?\x01\x02 ${right}`,
  'a path as algorithm': 'mdc2\u0000/../../../hello_what_am_I_doing_here-Juwtg9UFssfrRfwsXu+n/Q==',
  'stringify': ' \tsha512-foo?bar    \n\n\nsha1-nope\r',
  'toString': 'sha1-eUN/Xt2hP5wGabl43XqQZt0gWfE= sha256-Qhx213Vjr6GRSEawEL0WTzlb00whAuXpngy5zxc8HYc=',
  'two algorithms': 'sha512-WrLorGiX4iEWOOOaJSiCrmDIamA47exH+Bz7tVwIPb4sCU8w4iNqGCqYuspMMeU5pgz/sU7koP5u8W3RCUojGw== sha256-Qhx213Vjr6GRSEawEL0WTzlb00whAuXpngy5zxc8HYc=',
  'toJSON': 'sha512-foo sha256-bar!',
  'pickAlgorithm': 'sha1-foo sha512-bar sha384-baz',
  'any of an algorithm': `sha512-nope ${right}`,
  'no hash matches': 'sha512-nope',
  'garbage': 'garbage',
  'empty': '',
  'the strongest': `${hash('sha1')} ${hash('sha384')} ${hash('sha256')}`,
  'the strongest is wrong': `${hash('sha256')} ${hash('sha512', 'other')}`,
  'the weakest is wrong': `${hash('sha256', 'other')} ${hash('sha512')}`,
  'another hash': hash('sha512', 'other'),
  'a dash in the algorithm': 'sha-233',
  'sha256': hash('sha256'),
  'sha384': hash('sha384'),
  'rotation': `${hash('sha384', 'other')} ${hash('sha384')}`,
  'unpadded': hash('sha256').replace('=', ''),
  'base64url': hash('sha384').replaceAll('+', '-').replaceAll('/', '_').replace('sha384_', 'sha384-'),
  'capitals': hash('sha384').replace('sha', 'SHA'),
  'undefined': 'undefined',
}

const cases = Object.entries(values).map(([name, value]) => {
  const loose = ssri.parse(value)
  const strict = ssri.parse(value, { strict: true })
  return {
    name,
    value,
    pick: loose?.pickAlgorithm() ?? '',
    strict: strict?.toString({ strict: true }) ?? '',
    check: Boolean(ssri.checkData(data, value)),
  }
})
process.stdout.write(JSON.stringify({ data, cases }, null, 1) + '\n')

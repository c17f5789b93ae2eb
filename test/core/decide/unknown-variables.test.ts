import t from 'tap'
import { FILTER_DEFAULTS } from '../../../core/snapshot/mod.ts'
import * as scene from './scene.ts'

t.test('a variable that nobody knows is a warning, by who asks for it', async (t) => {
  const limit = { ...FILTER_DEFAULTS['count-limit'], key: '$hots', keyType: 'template' as const }
  const rewrite = {
    ...FILTER_DEFAULTS.rewrite,
    uri: '/$1/$mine',
    headers: { set: [{ name: 'X-A', value: '${arg_a} $consumer' }], add: [], remove: [] },
  }
  const { snapshot, problems } = await scene.tryCompile({
    filters: [{ ...FILTER_DEFAULTS['real-address'], source: 'http_x_real_ip' }],
    routes: [
      scene.route('one', {
        conditions: [{
          not: { any: [{ variable: 'remote_adr', operator: 'equals', value: '10.0.0.1' }] },
        }],
      }, { filters: [limit, rewrite], variables: { mine: '1' } }),
      scene.route('two', {
        paths: ['/two'],
        conditions: [{ variable: 'mine', operator: 'equals', value: '1' }],
      }),
    ],
  })
  t.ok(snapshot)
  const names = problems.map(({ severity, path, message }) => (
    `${severity} ${path.join('.')} ${message.split(':')[0]}`
  ))
  t.strictSame(names, [
    'warning routes.0 Route "one" asks for the variable "remote_adr"',
    'warning routes.0 Route "one" asks for the variable "hots"',
    'warning routes.0 Route "one" asks for the variable "consumer"',
    'warning routes.1 Route "two" asks for the variable "mine"',
  ])
})

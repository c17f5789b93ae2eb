import t from 'tap'
import { Catalogue } from '../../../../core/dialect/gravitee/catalogue.ts'
import { GraviteeTranslator } from '../../../../core/dialect/gravitee/translate/translator.ts'

t.test('applications of others are nobody’s documents', (t) => {
  const translator = new GraviteeTranslator(new Catalogue(), { verbose: false })
  const application = (name: string) => ({ name, certificates: [], apiKeys: [], subscriptions: [] })
  t.equal(translator.documentOf(application('gravitee:a1')), '/gravitee/applications/a1')
  t.equal(translator.documentOf(application('acme')), undefined)
  t.equal(translator.documentOf(application('gravitee-like')), undefined)
  t.end()
})

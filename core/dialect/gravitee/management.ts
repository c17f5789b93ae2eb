import type { GraviteeConfig } from '../../snapshot/types.ts'
import type { DialectContext } from '../types.ts'
import { Catalogue, type Known } from './catalogue.ts'
import { forbidden, notFound } from './faults.ts'
import { Ledger } from './ledger.ts'
import type {
  ApiDocument,
  ApplicationDocument,
  PlanDocument,
  SubscriptionDocument,
} from './model.ts'

/** Who asks. */
export interface Actor {
  readonly name: string
  readonly role: 'admin' | 'publisher' | 'owner'
}

/** What the services of the Management API share. */
export class Management {
  readonly context: DialectContext
  readonly options: GraviteeConfig
  readonly catalogue: Catalogue
  readonly ledger: Ledger
  /** Whether changes are only tried. */
  readonly tries: boolean

  constructor(context: DialectContext, options: GraviteeConfig, catalogue?: Catalogue) {
    this.context = context
    this.options = options
    this.catalogue = catalogue ?? new Catalogue()
    // Whoever comes with a catalogue only tries things.
    this.tries = catalogue !== undefined
    this.ledger = new Ledger(context, this.catalogue, { tries: this.tries })
  }

  /**
   * The same services, by which changes are checked as ever, and not made. It is for single changes: what waits until
   * nothing is left to do would wait for ever.
   */
  trial(): Management {
    return new Management(this.context, this.options, this.catalogue)
  }

  now(): number {
    return this.context.clock.now()
  }

  /** An API that someone may change. Throws Fault. */
  ownApi(id: string, actor: Actor): Known<ApiDocument> {
    const api = this.api(id)
    if (!owns(actor, api.value)) throw forbidden()
    return api
  }

  api(id: string): Known<ApiDocument> {
    const api = this.catalogue.apis.get(id)
    if (api === undefined) throw notFound('api', id)
    return api
  }

  /** A plan, of one API where that is said. */
  plan(id: string, api?: string): Known<PlanDocument> {
    const plan = this.catalogue.plans.get(id)
    if (plan === undefined || (api !== undefined && plan.value.apiId !== api)) {
      throw notFound('plan', id)
    }
    return plan
  }

  application(id: string): Known<ApplicationDocument> {
    const application = this.catalogue.applications.get(id)
    if (application === undefined) throw notFound('application', id)
    return application
  }

  /** An application that someone may look at and change. */
  ownApplication(id: string, actor: Actor): Known<ApplicationDocument> {
    const application = this.application(id)
    if (!owns(actor, application.value)) throw forbidden()
    return application
  }

  /** A subscription, of one API or application where that is said. */
  subscription(
    id: string,
    of: { readonly api?: string; readonly application?: string } = {},
  ): Known<SubscriptionDocument> {
    const found = this.catalogue.subscriptions.get(id)
    const fits = found !== undefined &&
      (of.api === undefined || found.value.apiId === of.api) &&
      (of.application === undefined || found.value.applicationId === of.application)
    if (!fits) throw notFound('subscription', id)
    return found
  }
}

/** Whether something is someone's to change. */
export function owns(actor: Actor, thing: { readonly owner: string }): boolean {
  return actor.role === 'admin' || thing.owner === actor.name
}

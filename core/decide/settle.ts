import type { Decision } from './types.ts'

/** Decides, and where a token has to be checked first, decides again once it was. */
export async function settle(
  decide: () => Decision,
  now: number,
): Promise<Exclude<Decision, { readonly kind: 'pending' }>> {
  for (;;) {
    const decision = decide()
    if (decision.kind !== 'pending') return decision
    await decision.check(now)
  }
}

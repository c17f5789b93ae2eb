/**
 * `@peculiar/x509` asks for decorator metadata while it loads and throws where there is none. These three do nothing,
 * which is enough for what is used of it. Import this before the package.
 */
const reflect = Reflect as unknown as Record<string, unknown>
reflect['getMetadata'] ??= () => undefined
reflect['getOwnMetadata'] ??= () => undefined
reflect['defineMetadata'] ??= () => {}
reflect['metadata'] ??= () => () => {}

/** Whether the functions are there. */
export const reflectReady = true

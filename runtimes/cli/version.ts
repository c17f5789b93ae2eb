/** This program's version; `package.json` and `deno.json` say the same, which a test checks. */
export const VERSION = '0.1.0'

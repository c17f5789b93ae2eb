import { main } from '../cli/mod.ts'
import { denoHost } from './mod.ts'

const code = await main(denoHost(Deno.args))
// Undefined: the gateway serves on, and ends the process itself.
if (code !== undefined) Deno.exit(code)

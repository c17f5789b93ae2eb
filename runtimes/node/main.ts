#!/usr/bin/env node
import process from 'node:process'
import { main } from '../cli/mod.ts'
import { nodeHost } from './mod.ts'

const code = await main(nodeHost(process.argv.slice(2)))
// Undefined: the gateway serves on, and ends the process itself.
if (code !== undefined) process.exitCode = code

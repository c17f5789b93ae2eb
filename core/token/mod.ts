/**
 * **token** - whether bearer tokens are genuine: JSON Web Tokens by their signature, others by asking whoever issued
 * them; what was found is kept. It must never know which plan wants to know, what a token lets its bearer do, or how
 * bytes get to and from a server.
 * @module
 */
export { type TokenCheckerOptions, TokenCheckers } from './checkers.ts'

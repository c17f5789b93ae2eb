export { inRange, parseAddress, parseRange } from '../vars/mod.ts'
export type { IpRange } from '../vars/mod.ts'

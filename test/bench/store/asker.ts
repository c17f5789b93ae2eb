/** Asks a gateway steadily until it is told to stop, then tells how long each request took, in milliseconds. */
import { Agent, get } from 'node:http'
import process from 'node:process'

const [port, path, host] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true })
const took: number[] = []
let over = false
process.on('message', () => over = true)

function ask(): Promise<void> {
  const from = performance.now()
  return new Promise((done, fail) => {
    const headers = { host: String(host) }
    get({ port: Number(port), path: String(path), headers, agent }, (response) => {
      if (response.statusCode !== 200) fail(new Error(`Answered ${response.statusCode}`))
      response.resume().on('end', () => {
        took.push(performance.now() - from)
        done()
      })
    }).on('error', fail)
  })
}

while (!over) {
  await ask()
  await new Promise((next) => setTimeout(next, 2))
}
process.send?.(took, () => process.exit(0))

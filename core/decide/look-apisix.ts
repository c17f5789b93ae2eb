import type { RefusalLook } from './looks.ts'
import type { Refusal } from './types.ts'

/** Statuses by nginx's words. */
const WORDS: Readonly<Record<number, string>> = {
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Authorization Required',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Time-out',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Large',
  415: 'Unsupported Media Type',
  416: 'Requested Range Not Satisfiable',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  431: 'Request Header Or Cookie Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
  505: 'HTTP Version Not Supported',
  507: 'Insufficient Storage',
}

/** As APISIX answers: JSON in text/plain where it has something to say, else nginx's page. */
export function apisixLook(refusal: Refusal): RefusalLook {
  const { code, told } = refusal
  if (told !== undefined) return json(refusal.status, { [told.key]: told.text })
  if (code === 'ROUTE_NOT_FOUND') return json(404, { error_msg: '404 Route Not Found' })
  // What counts here is whose Host it is, and 421 is unknown.
  const status = code === 'HOST_MISDIRECTED' ? 400 : refusal.status
  const words = WORDS[status]
  if (status === 400 && code.startsWith('CERTIFICATE_')) {
    const what = code === 'CERTIFICATE_MISSING'
      ? 'No required SSL certificate was sent'
      : 'The SSL certificate error'
    return page(status, { title: `400 ${what}`, heading: '400 Bad Request', text: what })
  }
  const heading = words === undefined ? String(status) : `${status} ${words}`
  return page(status, { title: heading, heading, text: undefined })
}

function json(status: number, content: Readonly<Record<string, string>>): RefusalLook {
  const headers = ['Content-Type', 'text/plain; charset=utf-8']
  return { status, headers, body: `${JSON.stringify(content)}\n` }
}

interface Page {
  readonly title: string
  readonly heading: string
  readonly text: string | undefined
}

function page(status: number, { title, heading, text }: Page): RefusalLook {
  const lines = [
    '<html>',
    `<head><title>${title}</title></head>`,
    '<body>',
    `<center><h1>${heading}</h1></center>`,
    ...(text === undefined ? [] : [`<center>${text}</center>`]),
    '<hr><center>openresty</center>',
    '<p><em>Powered by <a href="https://apisix.apache.org/">APISIX</a>.</em></p></body>',
    '</html>',
    '',
  ]
  return { status, headers: ['Content-Type', 'text/html; charset=utf-8'], body: lines.join('\r\n') }
}

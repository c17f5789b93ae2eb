import t from 'tap'
import { MOST_SESSIONS, Sessions } from '../../../core/upstream/mod.ts'

t.test('a session stays where it began, until it was not used for its lifetime', (t) => {
  const sessions = new Sessions('cookie s', 1000)
  t.equal(sessions.use('x', 0), undefined)
  sessions.begin('x', 'a:80', 0)
  t.equal(sessions.use('x', 999), 'a:80')
  t.equal(sessions.use('x', 1998), 'a:80', 'its use made it longer')
  t.equal(sessions.use('x', 2998), undefined)
  t.equal(sessions.size, 0)
  t.end()
})

t.test('sessions are bounded: those used longest ago go', (t) => {
  const sessions = new Sessions('cookie s', 1000)
  for (let index = 0; index < MOST_SESSIONS; index++) sessions.begin(`${index}`, 'a:80', 0)
  t.equal(sessions.use('0', 1), 'a:80')
  sessions.begin('one more', 'b:80', 1)
  t.equal(sessions.size, MOST_SESSIONS)
  t.equal(sessions.use('0', 2), 'a:80')
  t.equal(sessions.use('1', 2), undefined)
  sessions.begin('y'.repeat(300), 'b:80', 2)
  t.equal(sessions.use('y'.repeat(300), 2), undefined, 'long keys are not kept')
  t.end()
})

t.test('sessions outlive a change of the configuration that does not concern them', (t) => {
  const before = new Sessions('cookie s', 1000)
  before.begin('x', 'a:80', 0)
  t.equal(new Sessions('cookie s', 5000, before).use('x', 1), 'a:80')
  t.equal(new Sessions('cookie other', 1000, before).use('x', 1), undefined)
  t.end()
})

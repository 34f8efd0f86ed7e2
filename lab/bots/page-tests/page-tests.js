//! Runs the page's own tests in a browser. `window.results` has `{law, ok, problem}` of each, `window.done` ends it.
//!
//! Served by `rtc-chat-server --assets lab/bots/page-tests`, at `/assets/page-tests.html`. The modules under test come
//! from the server as usual. The session's tests make real peer connections inside this one page, without a server:
//! the browser must give away real addresses (`--use-fake-ui-for-media-stream`).

import { tests as accountTests } from './account-tests.js';
import { tests as dialogTests } from './dialog-tests.js';
import { tests as keeperTests } from './keeper-tests.js';
import { tests as layoutTests } from './layout-tests.js';
import { tests as linesTests } from './lines-tests.js';
import { tests as mediaTests } from './media-tests.js';
import { tests as modelTests } from './model-tests.js';
import { tests as protocolTests } from './protocol-tests.js';
import { tests as rulesTests } from './rules-tests.js';
import { tests as sessionTests } from './session-tests.js';
import { tests as sightTests } from './sight-tests.js';
import { tests as talkTests } from './talk-tests.js';
import { tests as textTests } from './text-tests.js';

window.results = [];
window.done = false;

async function run(law, test) {
  const result = { law, ok: true, problem: null };
  try {
    await test();
  } catch (problem) {
    Object.assign(result, { ok: false, problem: `${problem.message}\n${problem.stack ?? ''}` });
  }
  window.results.push(result);
  const line = document.createElement('li');
  line.textContent = `${result.ok ? 'ok' : 'FAILED'}  ${law}${result.ok ? '' : `: ${result.problem}`}`;
  document.querySelector('#results').append(line);
}

const all = [
  ...[protocolTests, modelTests, linesTests, rulesTests, keeperTests, talkTests],
  ...[textTests, layoutTests, dialogTests, accountTests, sightTests, mediaTests, sessionTests],
];
for (const tests of all) {
  for (const [law, test] of Object.entries(tests)) await run(law, test);
}
window.done = true;

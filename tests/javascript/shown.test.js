// Asking what may be shown: again and again, at once on waking, and never believing a silence.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ANEW, Round, watchShown } from "../../templates/live/shown.js";
import { Clock, settle } from "./window.js";

const PAUSE = 2500;

/** The world around a round: its clock is turned by hand, and it wakes when it is told to. */
function around() {
  const clock = new Clock();
  const wakes = [];
  return {
    clock, wake: () => wakes.forEach((act) => act()),
    given: {
      now: () => clock.now(), after: (act, ms) => clock.after(act, ms),
      cancel: (timer) => clock.cancel(timer), onWake: (act) => wakes.push(act),
    },
  };
}

test("it asks at once, and again a pause after each answer", async () => {
  const { clock, given } = around();
  const asked = [];
  const round = new Round(async () => asked.push(clock.now()), () => PAUSE, given);
  const begun = clock.now();
  await clock.pass(2 * PAUSE);
  assert.deepEqual(asked.map((at) => at - begun), [0, PAUSE, 2 * PAUSE]);
  round.end();
  await clock.pass(10 * PAUSE);
  assert.equal(asked.length, 3);
});

test("on waking it asks at once, and waits no more for what was asked before", async () => {
  const { clock, wake, given } = around();
  const signals = [];
  const never = (signal) => new Promise((_, fail) => {
    signals.push(signal);
    signal.addEventListener("abort", () => fail(signal.reason));
  });
  const round = new Round(never, () => PAUSE, given);
  await clock.pass(500);
  wake();
  await settle();
  assert.equal(signals.length, 2);
  assert.equal(signals[0].reason, ANEW);
  assert.equal(signals[1].aborted, false);
  round.end();
});

test("a clock that leapt tells that the laptop slept", async () => {
  const { clock, given } = around();
  let asked = 0;
  const round = new Round(async () => (asked += 1), () => 3_600_000, given);
  await clock.pass(5000);
  assert.equal(asked, 1);
  const before = given.now;
  given.now = () => before() + 9 * 3_600_000; // no timer ran meanwhile
  await clock.pass(1000);
  assert.equal(asked, 2);
  round.end();
});

test("what is not answered, or not clearly, takes nothing down", async () => {
  const heard = [];
  const answers = [
    () => Promise.reject(new TypeError("Failed to fetch")),
    () => new Response("{\"refused\": \"case.yaml:3 is wrong\"}", { status: 409 }),
    () => new Response("<title>Jupyter Server</title>", { status: 403 }),
    () => new Response("half of it", { status: 200 }),
    () => new Response("{}", { status: 200 }),
    () => new Response("{\"media\": [], \"papers\": [], \"film\": false}", { status: 200 }),
  ];
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  globalThis.window = new EventTarget();
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  globalThis.fetch = async () => answers.shift()();
  const leave = watchShown("/", "cycle-1", (shown) => heard.push(shown));
  while (answers.length) {
    globalThis.window.dispatchEvent(new Event("pageshow"));
    await sleep(5);
    assert.equal(heard.length, answers.length ? 0 : 1);
  }
  leave();
  assert.deepEqual(heard, [{ media: [], papers: [], film: false }]);
});

// Saving what is typed: the pause, the kernel and the server, drafts, conflicts, and trying again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FIRST, KERNEL, Kernel, PAUSE, PLACE, RETRY, Store, Window, settle } from "./window.js";

const DRAFT = "vigbook-draft:wren/1/clip-1.see:aaaaaaaa";
const OTHER = "vigbook-draft:wren/1/clip-1.see:bbbbbbbb";
const MARKS = { ...PLACE, prompt: "clip-1.marks", kind: "marks" };

const standing = (value, id = "0000000000000001", at = "2026-11-22T09:00:00.000Z") => ({
  id, at, clock: "09:00:00", value, ...FIRST,
});

const typedBefore = (value, id, at, more = {}) =>
  JSON.stringify({ prompt: PLACE.prompt, value, ...FIRST, base: null, id, own: [], at, ...more });

test("what is typed is sent once, after a pause, and called saved only then", async () => {
  const window = new Window();
  const saver = window.open();
  for (const value of ["S", "Sh", "She"]) {
    saver.change({ value });
    await window.clock.pass(PAUSE - 1);
  }
  assert.deepEqual(window.server.values, []);
  assert.equal(saver.status.kind, "saving");
  await window.clock.pass(1);
  assert.deepEqual(window.server.values, ["She"]);
  assert.equal(saver.status.kind, "saved");
  assert.equal(saver.status.answer.value, "She");
  assert.deepEqual(window.told, [[saver.key, "She"]]);
  await window.clock.pass(60_000);
  assert.deepEqual(window.server.values, ["She"]);
});

test("every keystroke is kept in the browser, under the key and in the form of every version", async () => {
  const window = new Window();
  const saver = window.open(standing("He"));
  saver.change({ value: "She" });
  assert.deepEqual(Object.keys(window.store), [DRAFT]);
  assert.deepEqual(JSON.parse(window.store[DRAFT]), {
    prompt: "clip-1.see", value: "She", by: "mum", source: "said",
    base: "0000000000000001", id: saver.id, own: [], at: window.clock.now(),
  });
  assert.match(saver.id, /^[0-9a-f]{16}$/);
  await window.clock.pass(PAUSE);
  assert.deepEqual(Object.keys(window.store), []);
});

test("what is typed while the text is on its way is sent after it, on top of it", async () => {
  const window = new Window();
  const saver = window.open();
  let answer;
  window.server.instead = (typed) => new Promise((done) => (answer = () => done({ saved: window.server.answer(typed) })));
  saver.change({ value: "She" });
  await window.clock.pass(PAUSE);
  const first = window.server.asked[0];
  saver.change({ value: "She looks" });
  await window.clock.pass(PAUSE);
  assert.deepEqual(window.server.values, ["She"]);
  window.server.instead = null;
  answer();
  await window.clock.pass(PAUSE);
  assert.deepEqual(window.server.values, ["She", "She looks"]);
  assert.equal(window.server.asked[1].base, first.id);
  assert.deepEqual(window.server.asked[1].own, [first.id]);
  assert.equal(saver.status.answer.value, "She looks");
});

test("a server that does not answer is tried again until it does, and the draft stays", async () => {
  const window = new Window();
  const saver = window.open();
  window.server.instead = () => ({ unreached: "server" });
  saver.change({ value: "She" });
  await window.clock.pass(PAUSE);
  assert.equal(saver.status.kind, "waiting");
  assert.ok(window.store[DRAFT]);
  await window.clock.pass(2 * RETRY);
  assert.deepEqual(window.server.values, ["She", "She", "She"]);
  // What is typed meanwhile does not take away that something is wrong.
  saver.change({ value: "She looks" });
  assert.equal(saver.status.kind, "waiting");
  window.server.instead = null;
  await window.clock.pass(RETRY);
  assert.equal(saver.status.answer.value, "She looks");
  assert.deepEqual(Object.keys(window.store), []);
});

test("a server that forgot this browser is told apart, and tried again as well", async () => {
  const window = new Window();
  const saver = window.open();
  window.server.instead = () => ({ unreached: "shut" });
  saver.change({ value: "She" });
  await window.clock.pass(PAUSE);
  assert.equal(saver.status.kind, "shut");
  window.server.instead = null;
  await window.clock.pass(RETRY);
  assert.equal(saver.status.kind, "saved");
});

test("a text that is refused waits for a person; files that cannot be read do not", async () => {
  const window = new Window();
  const saver = window.open();
  window.server.instead = () => ({ refused: "4 lines, and it takes up to 3" });
  saver.change({ value: "1\n2\n3\n4" });
  await window.clock.pass(10 * RETRY);
  assert.deepEqual(window.server.values, ["1\n2\n3\n4"]);
  assert.deepEqual(saver.status, { kind: "refused", sentence: "4 lines, and it takes up to 3", again: undefined });
  window.server.instead = () => ({ refused: "the journal is a folder", again: true });
  saver.change({ value: "1" });
  await window.clock.pass(PAUSE + RETRY);
  assert.deepEqual(window.server.values, ["1\n2\n3\n4", "1", "1"]);
});

test("a kernel that answers saves; one that is silent is left after its time, for the server", async () => {
  const window = new Window();
  const saver = window.open();
  const kernel = new Kernel();
  saver.attach(kernel);
  kernel.reply = ({ typed }) => ({ saved: window.server.answer(typed) });
  saver.change({ value: "She" });
  await window.clock.pass(PAUSE);
  assert.equal(saver.status.kind, "saved");
  assert.deepEqual(window.server.values, []);
  kernel.reply = null;
  saver.change({ value: "She looks" });
  await window.clock.pass(PAUSE + KERNEL - 1);
  assert.deepEqual(window.server.values, []);
  await window.clock.pass(1);
  assert.deepEqual(window.server.values, ["She looks"]);
  // It is not waited for again, until it is heard.
  saver.change({ value: "She looks up" });
  await window.clock.pass(PAUSE);
  assert.equal(saver.status.answer.value, "She looks up");
  assert.equal(kernel.heard.length, 2);
  kernel.tell({ about: "nothing", result: {} });
  kernel.reply = ({ typed }) => ({ saved: window.server.answer(typed) });
  saver.change({ value: "She waits" });
  await window.clock.pass(PAUSE);
  assert.equal(kernel.heard.length, 3);
});

test("where neither a silent kernel nor the server answers, the kernel is asked once more", async () => {
  const window = new Window();
  const saver = window.open();
  const kernel = new Kernel();
  saver.attach(kernel);
  window.kernelQuiet = true;
  window.server.instead = () => ({ unreached: "shut" });
  kernel.reply = ({ typed }) => ({ saved: window.server.answer(typed) });
  saver.change({ value: "She" });
  await window.clock.pass(PAUSE);
  assert.equal(saver.status.kind, "saved");
});

test("a widget that is gone is not asked, and a way that is broken is no answer", async () => {
  const window = new Window();
  const saver = window.open();
  const [gone, broken] = [new Kernel(), new Kernel()];
  saver.attach(gone)();
  saver.attach(broken);
  broken.send = () => {
    throw new Error("closed");
  };
  saver.change({ value: "She" });
  await window.clock.pass(PAUSE);
  assert.deepEqual(gone.heard, []);
  assert.deepEqual(window.server.values, ["She"]);
});

test("a text of somebody else stops the saving until a person chooses", async () => {
  for (const [choice, end] of [["here", "She"], ["other", "He"], ["both", "He\nShe"]]) {
    const window = new Window();
    const saver = window.open();
    const other = standing("He");
    window.server.instead = () => ({ conflict: other });
    saver.change({ value: "She" });
    await window.clock.pass(10 * RETRY);
    assert.equal(saver.status.kind, "conflict");
    assert.deepEqual(window.server.values, ["She"]);
    assert.ok(window.store[DRAFT], "the words here are kept");
    window.server.instead = null;
    saver.resolve(choice);
    await window.clock.pass(PAUSE);
    assert.equal(window.server.asked[1].base, other.id, choice);
    assert.equal(saver.status.answer.value, end, choice);
    // Whatever is kept, both stand in the journal.
    assert.ok(choice === "both" || window.server.values.includes("She"));
  }
});

test("a conflict with what this window sent itself is none, nor one with the very same text", async () => {
  const window = new Window();
  const saver = window.open();
  window.server.instead = () => ({ unreached: "server" });
  saver.change({ value: "She" });
  await window.clock.pass(PAUSE);
  const own = standing("She", window.server.asked[0].id);
  saver.change({ value: "She looks" });
  window.server.instead = (typed) => (typed.base === own.id ? { saved: window.server.answer(typed) } : { conflict: own });
  await window.clock.pass(RETRY);
  assert.equal(saver.status.answer.value, "She looks");

  const same = new Window();
  const two = same.open();
  same.server.instead = () => ({ conflict: standing("She") });
  two.change({ value: "She" });
  await same.clock.pass(PAUSE);
  assert.equal(two.status.kind, "saved");
});

test("moments of two windows are put together, in order and each once", async () => {
  const window = new Window();
  const saver = window.open(null, MARKS);
  const other = standing([{ at: "00:00:02.000" }, { at: "00:00:05.000" }]);
  window.server.instead = (typed) => (typed.base === other.id ? { saved: window.server.answer(typed) } : { conflict: other });
  saver.addMark("00:00:05.000");
  saver.addMark("00:00:03.000");
  await window.clock.pass(PAUSE);
  assert.deepEqual(saver.status.answer.value, [{ at: "00:00:02.000" }, { at: "00:00:03.000" }, { at: "00:00:05.000" }]);
});

test("a page that goes sends what is unsaved at once, and twice does no harm", async () => {
  const window = new Window();
  const saver = window.open();
  saver.flush();
  assert.deepEqual(window.server.asked, []);
  saver.change({ value: "She" });
  saver.flush();
  await settle();
  assert.equal(window.server.asked[0].keepalive, true);
  assert.equal(saver.status.kind, "saved");
  await window.clock.pass(PAUSE);
  assert.deepEqual(window.server.values, ["She"]);
});

test("a draft of a window that is gone is found, saved, and taken away", async () => {
  const store = new Store();
  store[OTHER] = typedBefore("She looks", "00000000000000b2", 5);
  const window = new Window(store);
  const saver = window.open(standing("He"));
  assert.equal(saver.here.value, "She looks");
  assert.equal(saver.status.kind, "found");
  assert.deepEqual(Object.keys(store), [DRAFT], "it is this window's own now");
  await window.clock.pass(PAUSE);
  assert.equal(window.server.asked[0].id, "00000000000000b2");
  assert.deepEqual(Object.keys(store), []);
});

test("of several drafts each is saved, the latest first; torn ones hide none", async () => {
  const store = new Store();
  store["vigbook-draft:wren/1/clip-1.see:00000000"] = "{\"id\": \"torn";
  store[OTHER] = typedBefore("old", "00000000000000b2", 5);
  store["vigbook-draft:wren/1/clip-1.see:cccccccc"] = typedBefore("new", "00000000000000c3", 6);
  store["vigbook-draft:wren/1/clip-1.seen:cccccccc"] = typedBefore("another", "00000000000000d4", 7);
  const window = new Window(store);
  window.open();
  await window.clock.pass(RETRY);
  assert.deepEqual(window.server.values, ["new", "old"]);
  assert.ok(store["vigbook-draft:wren/1/clip-1.seen:cccccccc"], "it is another prompt's");
});

test("a draft that reached the disk as its page went is no draft any more", async () => {
  const store = new Store();
  store[OTHER] = typedBefore("She", "00000000000000b2", 5);
  const window = new Window(store);
  const saver = window.open(standing("She", "00000000000000b2"));
  assert.equal(saver.status.kind, "saved");
  await window.clock.pass(RETRY);
  assert.deepEqual(window.server.values, []);
  assert.deepEqual(Object.keys(store), []);
});

test("a browser without room says so, and what is typed is saved all the same", async () => {
  const window = new Window();
  window.store[Store.full] = true;
  const saver = window.open();
  saver.change({ value: "She" });
  assert.equal(saver.drafted, false);
  await window.clock.pass(PAUSE);
  assert.equal(saver.status.kind, "saved");
});

test("another window's answer is taken over, but never over what is unsaved here", async () => {
  const window = new Window();
  const saver = window.open(standing("He"));
  saver.hear(standing("Old", "0000000000000000", "2026-11-22T08:00:00.000Z"));
  assert.equal(saver.here.value, "He");
  saver.hear(standing("She", "0000000000000002", "2026-11-22T09:30:00.000Z"));
  assert.equal(saver.here.value, "She");
  saver.change({ value: "She looks" });
  saver.hear(standing("They", "0000000000000003", "2026-11-22T09:40:00.000Z"));
  assert.equal(saver.here.value, "She looks");
});

test("a text that is typed back to what is saved is sent to nobody", async () => {
  const window = new Window();
  const saver = window.open(standing("He"));
  saver.change({ value: "She" });
  saver.change({ value: "He" });
  await window.clock.pass(RETRY);
  assert.deepEqual(window.server.values, []);
  assert.equal(saver.status.kind, "saved");
  assert.deepEqual(Object.keys(window.store), []);
});

test("not rated is a choice of its own where nothing was answered", async () => {
  const window = new Window();
  const saver = window.open(null, { ...PLACE, prompt: "goal.settle.now", kind: "rating" });
  saver.change({ value: "" });
  await window.clock.pass(PAUSE);
  assert.deepEqual(window.server.values, []);
  saver.change({ value: "" }, true);
  await window.clock.pass(PAUSE);
  assert.deepEqual(window.server.values, [""]);
});

test("a kernel that was there before the page is not believed: the server tells the latest", async () => {
  const window = new Window();
  window.kernelIsNew = false;
  window.server.journal = [standing("He"), standing("She", "0000000000000002", "2026-11-22T09:30:00.000Z")];
  const saver = window.open(standing("He"));
  saver.attach(new Kernel());
  await settle();
  assert.equal(saver.here.value, "She");
});

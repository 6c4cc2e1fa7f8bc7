// When each frame of a clip comes up: read from the index of an mp4, over a real connection.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { readFrames } from "../../templates/live/frames.js";

const join = (...parts) => Buffer.concat(parts);
const letters = (text) => Buffer.from(text, "latin1");
const u32 = (...numbers) => {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, place) => bytes.writeInt32BE(number | 0, 4 * place));
  return bytes;
};
const u64 = (number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(number));
  return bytes;
};
const box = (kind, ...parts) => {
  const inside = join(...parts);
  return join(u32(inside.length + 8), letters(kind), inside);
};
const runs = (kind, pairs) => box(kind, u32(0, pairs.length), ...pairs.map((pair) => u32(...pair)));

function track({ kind = "vide", scale = 1000, lengths, offsets = null, edits = null, more = [] }) {
  const table = box("stbl", runs("stts", lengths), ...(offsets ? [runs("ctts", offsets)] : []));
  const media = box(
    "mdia",
    box("mdhd", u32(0, 0, 0, scale, 0)),
    box("hdlr", u32(0, 0), letters(kind), u32(0, 0, 0)),
    box("minf", table),
  );
  const shift = edits ? [box("edts", box("elst", ...edits))] : [];
  return box("trak", ...more, ...shift, media);
}

const film = (...tracks) =>
  join(box("ftyp", letters("isom")), box("moov", box("mvhd", u32(0, 0, 0, 600, 0)), ...tracks), box("mdat", Buffer.alloc(64)));

/** Serves a clip in parts as our server does; returns the times that are read, and what was asked. */
async function read(bytes) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.range);
    const [, last] = request.headers.range.match(/^bytes=0-(\d+)$/);
    response.writeHead(206).end(bytes.subarray(0, Number(last) + 1));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  try {
    const found = await readFrames(`http://127.0.0.1:${server.address().port}/clip-1.mp4`);
    return { times: found.map((time) => Number(time.toFixed(6))), asked };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("uneven frames come up when their lengths say, in one request", async () => {
  const { times, asked } = await read(film(track({ lengths: [[2, 40], [1, 17], [2, 120]] })));
  assert.deepEqual(times, [0, 0.04, 0.08, 0.097, 0.217]);
  assert.deepEqual(asked, ["bytes=0-65535"]);
});

test("frames that are stored out of order are told in the order of the screen", async () => {
  const { times } = await read(film(track({ lengths: [[4, 40]], offsets: [[1, 0], [1, 80], [2, -40]] })));
  assert.deepEqual(times, [0, 0.04, 0.08, 0.12]);
});

test("an edit list shifts the frames, and what lies before the clip is left out", async () => {
  const plain = [u32(0, 1), u32(600, 80, 0x10000)];
  assert.deepEqual((await read(film(track({ lengths: [[4, 40]], edits: plain })))).times, [0, 0.04]);
  // A delay first, in the film's ticks; then from the beginning.
  const late = [u32(0, 2), u32(300, -1, 0x10000), u32(600, 0, 0x10000)];
  assert.deepEqual((await read(film(track({ lengths: [[2, 40]], edits: late })))).times, [0.5, 0.54]);
  const long = [u32(0x01000000, 1), u64(600), u64(40), u32(0x10000)];
  assert.deepEqual((await read(film(track({ lengths: [[2, 40]], edits: long })))).times, [0]);
});

test("sound is passed over, and a long index is read in a second request", async () => {
  const sound = track({ kind: "soun", scale: 48000, lengths: [[90, 1024]], more: [box("free", Buffer.alloc(70_000))] });
  const { times, asked } = await read(film(sound, track({ lengths: [[3, 40]] })));
  assert.deepEqual(times, [0, 0.04, 0.08]);
  assert.equal(asked.length, 2);
});

test("a box whose length takes eight bytes is passed over too", async () => {
  const bytes = film(track({ lengths: [[2, 40]] }));
  const wide = join(u32(1), letters("free"), u64(16 + 32), Buffer.alloc(32));
  assert.deepEqual((await read(join(wide, bytes))).times, [0, 0.04]);
});

test("what is no clip of ours is refused rather than guessed at", async () => {
  await assert.rejects(read(letters("this is no film, only some text")), /no index/);
  await assert.rejects(read(film(track({ kind: "soun", lengths: [[1, 40]] }))), /no pictures/);
  await assert.rejects(read(film(track({ lengths: [] }))), /no pictures/);
  const cut = film(track({ lengths: [[3, 40]] }));
  await assert.rejects(read(cut.subarray(0, cut.length - 100)));
});

// When each frame of a clip comes up, read from the index of its mp4: a step lands on the
// neighbouring frame in uneven clips too, and no kernel need be there.

const HEAD_BYTES = 65536;
const BROKEN = 1e-6; // seconds; what is before a clip's beginning is never shown

/** @typedef {{ kind: string, from: number, end: number }} Box what is in it, without its head */

/**
 * Returns the times of a clip's frames in seconds, in order.
 * @param {string} url
 * @throws where it cannot be had, or is no mp4 of ours
 */
export async function readFrames(url) {
  let bytes = await readBytes(url, HEAD_BYTES);
  const found = findBox(bytes, 0, bytes.byteLength, "moov");
  if (!found) throw new Error("the clip has no index at its beginning");
  if (found.end > bytes.byteLength) bytes = await readBytes(url, found.end);
  return listTimes(bytes, found);
}

/**
 * @param {string} url
 * @param {number} size how many bytes from its beginning
 */
async function readBytes(url, size) {
  const answer = await fetch(url, {
    credentials: "same-origin",
    headers: { Range: `bytes=0-${size - 1}` },
  });
  if (!answer.ok) throw new Error(`the clip cannot be read: ${answer.status}`);
  return new DataView(await answer.arrayBuffer());
}

/**
 * @param {DataView} bytes
 * @param {number} from
 * @param {number} to
 * @returns {Generator<Box>}
 */
function* eachBox(bytes, from, to) {
  for (let at = from; at + 8 <= to; ) {
    let size = bytes.getUint32(at);
    let head = 8;
    if (size === 1) {
      size = Number(bytes.getBigUint64(at + 8));
      head = 16;
    }
    if (size < head) return;
    const letters = [4, 5, 6, 7].map((place) => bytes.getUint8(at + place));
    yield { kind: String.fromCharCode(...letters), from: at + head, end: at + size };
    at += size;
  }
}

/**
 * Returns the first box at the end of a path, as moov/trak/mdia; its end may lie beyond what was
 * read.
 * @param {DataView} bytes
 * @param {number} from
 * @param {number} to
 * @param {...string} path
 * @returns {Box | null}
 */
function findBox(bytes, from, to, ...path) {
  for (const box of eachBox(bytes, from, to)) {
    if (box.kind !== path[0]) continue;
    const inner = path.length > 1 ? findBox(bytes, box.from, box.end, ...path.slice(1)) : box;
    if (inner) return inner;
  }
  return null;
}

/**
 * @param {DataView} bytes
 * @param {Box} moov
 */
function listTimes(bytes, moov) {
  const find = (/** @type {Box} */ box, /** @type {string[]} */ ...path) =>
    findBox(bytes, box.from, box.end, ...path);
  const within = (/** @type {Box} */ box, /** @type {string[]} */ ...path) => {
    const found = find(box, ...path);
    if (!found) throw new Error(`the clip's index has no ${path.join("/")}`);
    return found;
  };
  const isVideo = (/** @type {Box} */ track) => {
    const handler = find(track, "mdia", "hdlr");
    return handler && bytes.getUint32(handler.from + 8) === 0x76696465; // vide
  };
  const tracks = [...eachBox(bytes, moov.from, moov.end)].filter((box) => box.kind === "trak");
  const track = tracks.find(isVideo);
  if (!track) throw new Error("the clip has no pictures");
  const scale = readScale(bytes, within(track, "mdia", "mdhd"));
  const table = within(track, "mdia", "minf", "stbl");
  const shift = readShift(
    bytes, find(track, "edts", "elst"), scale, readScale(bytes, within(moov, "mvhd")),
  );
  const stamps = readStamps(bytes, within(table, "stts"), find(table, "ctts"));
  const times = stamps.map((stamp) => stamp / scale + shift).sort((one, other) => one - other);
  const shown = times.filter((time) => time > -BROKEN).map((time) => Math.max(0, time));
  if (!shown.length) throw new Error("the clip has no pictures");
  return shown;
}

/**
 * Returns the ticks a second, of a track's or the whole film's head.
 * @param {DataView} bytes
 * @param {Box} box
 */
function readScale(bytes, box) {
  const long = bytes.getUint8(box.from) === 1;
  return bytes.getUint32(box.from + (long ? 20 : 12));
}

/**
 * Returns how many seconds later than its stamp a frame comes up, by the track's edit list.
 * @param {DataView} bytes
 * @param {Box | null} box
 * @param {number} scale
 * @param {number} filmScale
 */
function readShift(bytes, box, scale, filmScale) {
  if (!box) return 0;
  const long = bytes.getUint8(box.from) === 1;
  let delay = 0;
  for (let entry = 0; entry < bytes.getUint32(box.from + 4); entry += 1) {
    const at = box.from + 8 + entry * (long ? 20 : 12);
    const length = long ? Number(bytes.getBigUint64(at)) : bytes.getUint32(at);
    const start = long ? Number(bytes.getBigInt64(at + 8)) : bytes.getInt32(at + 4);
    if (start >= 0) return delay - start / scale;
    delay += length / filmScale;
  }
  return delay;
}

/**
 * @param {DataView} bytes
 * @param {Box} lengths
 * @param {Box | null} offsets
 */
function readStamps(bytes, lengths, offsets) {
  /** @type {number[]} */
  const stamps = [];
  let stamp = 0;
  eachRun(bytes, lengths, (length) => {
    stamps.push(stamp);
    stamp += length;
  });
  let place = 0;
  // Offsets are signed in practice, whatever their version says.
  if (offsets) eachRun(bytes, offsets, (offset) => (stamps[place++] += offset | 0));
  return stamps;
}

/**
 * Goes through a table. Both hold runs: how many frames, and a value of each.
 * @param {DataView} bytes
 * @param {Box} box
 * @param {(value: number) => void} take
 */
function eachRun(bytes, box, take) {
  for (let entry = 0; entry < bytes.getUint32(box.from + 4); entry += 1) {
    const at = box.from + 8 + entry * 8;
    const value = bytes.getUint32(at + 4);
    for (let count = bytes.getUint32(at); count > 0; count -= 1) take(value);
  }
}

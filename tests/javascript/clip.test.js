// The clip's clock: which frame is on screen, what a step leads to, and what time of the film it is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ClipVideo } from "../../templates/live/clip.js";
import { formatClock, parseClock, sayTime, sayWholeSeconds } from "../../templates/live/times.js";

// As phones film: no two frames last alike.
const FRAMES = [0, 0.04, 0.08, 0.097, 0.217, 0.25, 0.316];

/** A browser's video, as far as a clip's clock hears and moves it. */
class Video extends EventTarget {
  currentTime = 0;
  duration = 0.356;
  paused = true;
  ended = false;
  playbackRate = 1;
  shows = null;

  requestVideoFrameCallback(seen) {
    this.shows = seen;
  }

  /** Shows a frame, as browsers tell of it. */
  present(mediaTime) {
    this.shows(0, { mediaTime });
  }

  async play() {
    this.paused = false;
  }

  pause() {
    this.paused = true;
  }

  /** Ends a seek. */
  arrive() {
    this.dispatchEvent(new Event("seeking"));
    this.dispatchEvent(new Event("seeked"));
  }
}

function open(shown = {}, saver = null) {
  const video = new Video();
  const clip = new ClipVideo({ zero: 10, start: 10, end: 10.35, slow: false, ...shown }, saver, video);
  clip.frames = FRAMES;
  return { clip, video };
}

test("a step seeks the middle of the neighbouring frame, however long each lasts", () => {
  const { clip, video } = open();
  const sought = [];
  for (let count = 0; count < 8; count += 1) {
    clip.step(1);
    sought.push([clip.place(), Number(video.currentTime.toFixed(4))]);
    video.arrive();
  }
  assert.deepEqual(sought, [
    [1, 0.06], [2, 0.0885], [3, 0.157], [4, 0.2335], [5, 0.283], [6, 0.336], [6, 0.336], [6, 0.336],
  ]);
  for (let count = 0; count < 9; count += 1) clip.step(-1);
  assert.equal(clip.place(), 0);
  assert.equal(video.currentTime, 0.02);
});

test("steps that come faster than the browser seeks are all counted", () => {
  const { clip } = open();
  clip.step(1);
  clip.step(1);
  clip.step(1);
  assert.equal(clip.place(), 3);
});

test("after playing, a step begins at the frame that the browser showed last", () => {
  const { clip, video } = open();
  clip.play();
  video.currentTime = 0.24; // it runs ahead of the screen
  video.present(0.097);
  assert.equal(clip.place(), 3);
  clip.step(1);
  assert.equal(video.paused, true);
  assert.equal(clip.place(), 4);
});

test("a time belongs to the frame that is on screen then", () => {
  const { clip } = open();
  const places = [0, 0.03, 0.038, 0.04, 0.0969, 0.2, 0.3, 9].map((seconds) => clip.placeAt(seconds));
  // A mark may lie 2.5 ms before the frame that it means.
  assert.deepEqual(places, [0, 0, 1, 1, 3, 3, 5, 6]);
});

test("the moment on screen is a time of the film, within the clip's marks", () => {
  const { clip, video } = open({ zero: 9.96, start: 10, end: 10.2 });
  const times = FRAMES.map((_, place) => {
    clip.show(place);
    video.arrive();
    return Number(clip.filmTime().toFixed(3));
  });
  assert.deepEqual(times, [10, 10, 10.04, 10.057, 10.177, 10.199, 10.199]);
  assert.equal(clip.clipTime(10.04).toFixed(3), "0.080");
  assert.equal(clip.clipTime(9), 0);
});

test("a slow clip's second telling runs at half speed through the same film", () => {
  const { clip, video } = open({ end: 10.1, slow: true });
  const at = (place) => {
    clip.show(place);
    video.arrive();
    return Number(clip.filmTime().toFixed(4));
  };
  assert.equal(at(2), 10.08);
  assert.equal(at(4), 10.0585); // (0.217 - 0.1) / 2
});

test("a mark is told in the film's time to the journal, and in the clip's to people", () => {
  const marked = [];
  const { clip, video } = open({ zero: 83.4, start: 83.4, end: 90 }, { addMark: (at) => marked.push(at) });
  clip.show(4);
  video.arrive();
  assert.equal(clip.mark(), "0:00.2");
  assert.deepEqual(marked, ["00:01:23.617"]);
  assert.equal(open().clip.mark(), null);
});

test("a part is begun again once its last frame has stood for its while", async () => {
  const { clip, video } = open();
  clip.setPart("from", 1);
  clip.setPart("to", 3);
  assert.equal(clip.place(), 1);
  video.arrive();
  video.present(0.08);
  assert.equal(clip.place(), 2);
  video.present(0.097);
  await new Promise((done) => setTimeout(done, 60)); // it lasts 120 ms
  assert.equal(clip.place(), 3);
  await new Promise((done) => setTimeout(done, 120));
  assert.equal(clip.place(), 1);
  // An end before the beginning takes the other one away.
  clip.setPart("from", 5);
  assert.deepEqual(clip.part, { from: 5, to: null });
});

test("L goes from slow to full speed, and no further", () => {
  const { clip, video } = open();
  clip.setSpeed(0.25);
  clip.play();
  const speeds = [1, 2, 3].map(() => {
    clip.action("L")();
    return video.playbackRate;
  });
  assert.deepEqual(speeds, [0.5, 1, 1]);
  assert.equal(clip.action("x"), null);
});

test("times are said and written without a sixtieth second", () => {
  assert.deepEqual([0, 7.44, 59.96, 600, -1].map(sayTime), ["0:00.0", "0:07.4", "1:00.0", "10:00.0", "0:00.0"]);
  assert.deepEqual([0, 59.99, 61].map(sayWholeSeconds), ["0:00", "0:59", "1:01"]);
  const clocks = { "00:00:00.000": 0, "00:01:23.400": 83.4, "01:00:00.000": 3599.9996, "10:59:59.999": 39599.999 };
  for (const [text, seconds] of Object.entries(clocks)) {
    assert.equal(formatClock(seconds), text);
    assert.ok(Math.abs(parseClock(text) - seconds) < 0.001);
  }
});

// Boxes that cover something stay within the picture, and large enough to be taken hold of.

import assert from "node:assert/strict";
import { test } from "node:test";

import { groups, moved, stretched } from "../../templates/live/prepare-boxes.js";

test("a box is moved to the rim and no further", () => {
  assert.deepEqual(moved([0.4, 0.35, 0.2, 0.3], 0.05, -0.05), [0.45, 0.3, 0.2, 0.3]);
  assert.deepEqual(moved([0.4, 0.35, 0.2, 0.3], 2, 2), [0.8, 0.7, 0.2, 0.3]);
  assert.deepEqual(moved([0.4, 0.35, 0.2, 0.3], -2, -2), [0, 0, 0.2, 0.3]);
});

test("a corner that is drawn leaves the other where it is, and the box large enough", () => {
  const box = [0.4, 0.4, 0.2, 0.2];
  assert.deepEqual(stretched(box, { left: true, top: true }, -0.1, -0.2), [0.3, 0.2, 0.3, 0.4]);
  assert.deepEqual(stretched(box, { right: true, bottom: true }, -1, -1), [0.4, 0.4, 0.02, 0.02]);
  assert.deepEqual(stretched(box, { right: true, bottom: true }, 1, 1), [0.4, 0.4, 0.6, 0.6]);
});

test("boxes that follow each other over one face stand in one row", () => {
  const mask = (from, to, covers) => ({ from, to, covers });
  const masks = [mask("1", "2", "mum"), mask("2", "3", "mum"), mask("3", "4", "child"), mask("5", "6", "child")];
  assert.deepEqual(groups(masks), [[0, 1], [2], [3]]);
});

// Boxes over a picture: in parts of it from 0 to 1, however large it is shown.

/** @import { Box, Mask } from "./prepare-server.js" */

/**
 * Where the picture lies on the screen, in pixels.
 * @typedef {{ left: number, top: number, width: number, height: number }} Frame
 */

export const LEAST = 0.02; // of the picture: no box is smaller

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
export const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/**
 * @param {Box} box
 * @returns {Box}
 */
const rounded = ([left, top, across, down]) => {
  const round = (/** @type {number} */ side) => Math.round(side * 1000) / 1000;
  return [round(left), round(top), round(across), round(down)];
};

/**
 * Lays an element over its part of a picture.
 * @param {HTMLElement} element
 * @param {Box} box
 * @param {Frame} frame
 */
export function lay(element, [left, top, across, down], frame) {
  element.style.left = `${frame.left + left * frame.width}px`;
  element.style.top = `${frame.top + top * frame.height}px`;
  element.style.width = `${across * frame.width}px`;
  element.style.height = `${down * frame.height}px`;
}

/**
 * Returns a box that was moved, and stays within the picture.
 * @param {Box} box
 * @param {number} right
 * @param {number} below
 */
export function moved([left, top, across, down], right, below) {
  return rounded([clamp(left + right, 0, 1 - across), clamp(top + below, 0, 1 - down), across, down]);
}

/**
 * Returns a box some sides of which were moved.
 * @param {Box} box
 * @param {{ left?: boolean, right?: boolean, top?: boolean, bottom?: boolean }} sides
 * @param {number} by to the right
 * @param {number} below
 */
export function stretched([left, top, across, down], sides, by, below) {
  let [right, bottom] = [left + across, top + down];
  if (sides.left) left = clamp(left + by, 0, right - LEAST);
  if (sides.right) right = clamp(right + by, left + LEAST, 1);
  if (sides.top) top = clamp(top + below, 0, bottom - LEAST);
  if (sides.bottom) bottom = clamp(bottom + below, top + LEAST, 1);
  return rounded([left, top, right - left, bottom - top]);
}

/**
 * Returns the places of boxes in rows: those that follow each other in time over one face stand in
 * one.
 * @param {Mask[]} masks
 */
export function groups(masks) {
  /** @type {number[][]} */
  const found = [];
  masks.forEach((mask, place) => {
    const last = found[found.length - 1];
    const before = last && masks[last[last.length - 1]];
    if (before && before.to === mask.from && before.covers === mask.covers) last.push(place);
    else found.push([place]);
  });
  return found;
}

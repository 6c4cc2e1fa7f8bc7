// Choosing a still: the frames beside a moment, each as it will be printed, and a sharper one.

import { find, make } from "./pieces.js";

/** @import { Clip, Moment, Server, Step, Told } from "./prepare-server.js" */

const SLACK_S = 0.0006; // a time rounded to the millisecond still means its frame

/**
 * What the picker needs of the page around it.
 * @typedef {object} Around
 * @property {(id: string) => Clip | undefined} clipOf
 * @property {(at: string, clip: string) => string} still where a picture is had
 * @property {(words: string) => void} complain
 * @property {(step: Step, clip: string) => Promise<Told>} keep
 */

/**
 * Whether a moment is in a clip.
 * @param {number} s
 * @param {Clip} clip
 */
export const isInside = (s, clip) => s >= clip.start.s - SLACK_S && s < clip.end.s;

export class StillPicker {
  s = 0;
  clip = "";
  /** @type {number | null} of the still that another is chosen for */
  number = null;

  /**
   * @param {Server} server
   * @param {Around} around
   */
  constructor(server, around) {
    this.server = server;
    this.around = around;
    this.dialog = find("picker", HTMLDialogElement);
    this.picked = find("picked", HTMLImageElement);
    find("sharpest").addEventListener("click", () => this.lookSharper());
    this.dialog.addEventListener("close", () => this.keep());
  }

  /** @returns {HTMLInputElement[]} */
  get offered() {
    return [...this.dialog.querySelectorAll("#beside input")].filter((one) => one instanceof HTMLInputElement);
  }

  get chosen() {
    return this.offered.find((one) => one.checked);
  }

  /**
   * @param {number} s
   * @param {string} clipId
   * @param {number | null} number
   */
  async open(s, clipId, number) {
    Object.assign(this, { s, clip: clipId, number });
    find("sharper").textContent = "";
    this.offered.forEach((one) => one.closest("label")?.remove());
    this.picked.removeAttribute("src");
    const answer = await this.server.get("neighbours", { at: s.toFixed(6), clip: clipId });
    if (answer.refused) {
      this.around.complain(answer.refused);
      return;
    }
    this.around.complain("");
    const clip = this.around.clipOf(clipId);
    if (!clip) return;
    /** @type {(Moment & { here: boolean })[]} */
    const moments = answer.moments;
    moments.filter((one) => isInside(one.s, clip)).forEach((one) => this.offer(one, one.here));
    this.dialog.showModal();
    this.chosen?.focus();
  }

  /**
   * @param {Moment} moment
   * @param {boolean} chosen
   */
  offer(moment, chosen) {
    const show = () => this.show(moment.at);
    const input = make("input", { type: "radio", name: "still", value: moment.at, change: show });
    input.checked = chosen;
    const image = make("img", { src: this.around.still(moment.at, this.clip), alt: "" });
    const label = make("label", {}, input, image, make("span", {}, moment.at.slice(3)));
    find("beside").append(label);
    if (chosen) show();
  }

  /** @param {string} at */
  show(at) {
    this.picked.src = this.around.still(at, this.clip);
  }

  async lookSharper() {
    const says = find("sharper");
    says.textContent = "Looking";
    const chosen = this.chosen;
    const found = await this.server.get("sharpest", { at: this.s.toFixed(6) });
    const clip = this.around.clipOf(this.clip);
    if (found.refused || !clip || !isInside(found.s, clip) || found.at === chosen?.value) {
      says.textContent = found.refused || "There is none sharper in this clip, within half a second.";
      return;
    }
    const there = this.offered.find((one) => one.value === found.at);
    if (there) there.checked = true;
    else this.offer(found, true);
    this.show(found.at);
    says.textContent = `The sharpest within half a second is at ${found.at.slice(3)}. It is for you to choose.`;
  }

  async keep() {
    const at = this.chosen?.value;
    if (this.dialog.returnValue !== "keep" || !at) return;
    const { clip, number } = this;
    const step = number ? { do: "set-still", clip, still: number, field: "at", value: at } : { do: "add-still", clip, at };
    const answer = await this.around.keep(step, clip);
    if (answer.refused || answer.changed) return;
    const stills = this.around.clipOf(clip)?.stills || [];
    document.getElementById(`f-alt-${stills.findIndex((one) => one.at === at) + 1}`)?.focus();
  }
}

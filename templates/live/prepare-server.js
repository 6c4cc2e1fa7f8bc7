// What the server tells of a film and its clips, and asking it.

import { readCookie } from "./reach.js";

/**
 * A moment of the film: as files hold it, and in seconds.
 * @typedef {{ at: string, s: number }} Moment
 */

/** @typedef {[number, number, number, number]} Box left, top, across, down; 0 to 1 of the picture */

/**
 * An area that is covered for a while; `covers` is whose face it is.
 * @typedef {object} Mask
 * @property {string} from
 * @property {string} to
 * @property {number} from_s
 * @property {number} to_s
 * @property {Box} box
 * @property {string | null} covers
 */

/**
 * @typedef {object} Clip
 * @property {string} id
 * @property {string | null} title
 * @property {string | null} question
 * @property {string | null} why
 * @property {Moment} start
 * @property {Moment} end
 * @property {string | null} initiative
 * @property {{ id: string, by: string }[]} principles
 * @property {string[] | null} in_shot
 * @property {string} sound
 * @property {boolean} slow
 * @property {(Moment & { alt: string | null })[]} stills
 * @property {Mask[]} masks
 * @property {boolean} checked whether somebody watched it through, covered as it is now
 */

/** @typedef {{ id: string, name: string }} Person */

/**
 * @typedef {object} Goal
 * @property {string} wording
 * @property {string} owner
 * @property {number | null} [now]
 * @property {number | null} [hoped]
 */

/**
 * @typedef {object} Cycle
 * @property {string | null} question
 * @property {Person[]} people
 * @property {string[]} in_shot
 * @property {{ id: string, heading: string, look_for: string }[]} principles
 * @property {Clip[]} clips
 * @property {{ goals: Goal[], step: string[], quotes: { text: string, by: string }[] }} earlier
 */

/**
 * Small pictures of the whole film in one file.
 * @typedef {{ times: number[], columns: number, width: number, height: number }} Strip
 */

/** @typedef {Strip & { url: string }} StripShown */

/**
 * A face that was found, and what would cover it.
 * @typedef {object} Face
 * @property {string} at
 * @property {Box} box
 * @property {number} from_s
 * @property {number} to_s
 * @property {{ from: string, to: string, box: Box }[]} masks
 */

/**
 * A search for faces in a clip: `faces` once it is over, `wrong` where it cannot be done.
 * @typedef {{ clip: string, done: number, wrong: string | null, faces: Face[] | null }} Search
 */

/**
 * How it stands with the film.
 * @typedef {object} FilmState
 * @property {"missing" | "refused" | "wrong" | "reading" | "ready"} [state]
 * @property {string | null} [says]
 * @property {string} [key] changes with the film
 * @property {string | null} [source] what of it the browser can play
 * @property {number} [length] in seconds
 * @property {[number, number]} [shape] across and down
 * @property {{ what: string, done: number } | null} [aid] what is being made
 * @property {Strip | null} [strip]
 * @property {number | null} [sound] the seconds that each step of loudness stands for
 * @property {{ says: string | null, busy: boolean, done: number | null } | null} [cutting]
 * @property {Search | null} [faces]
 */

/**
 * What the server answers: to a step, and to a look.
 * @typedef {object} Told
 * @property {string} [refused] why a step was not done
 * @property {boolean} [changed] by another program, so that the step was not done
 * @property {string} [note]
 * @property {string} [revision] of cycle.yaml
 * @property {Cycle} [cycle]
 * @property {FilmState} [film]
 * @property {Record<string, string>} [cut] what the clips were cut from
 * @property {boolean} [undo]
 * @property {boolean} [redo]
 */

/**
 * A step, by what it does.
 * @typedef {{ do: string, field?: string, value?: unknown, [name: string]: unknown }} Step
 */

/**
 * What a person can do to clips, wherever on the page.
 * @typedef {object} Deeds
 * @property {(typed: Step) => Promise<Told>} step
 * @property {(still: Moment) => void} go
 * @property {(id: string) => void} choose
 * @property {(id: string, to: number) => void} move
 * @property {(field: "start" | "end") => void} visit
 * @property {(field: "start" | "end", count: number) => Promise<void>} nudge
 * @property {(s: number, clip: string, number: number | null) => Promise<void>} take
 * @property {(at: string, clip: string) => string} still
 */

/** Asks about one cycle. */
export class Server {
  /**
   * @param {string} base
   * @param {string} cycle
   * @param {string} xsrf what the page came with
   */
  constructor(base, cycle, xsrf) {
    this.base = base;
    this.cycle = cycle;
    this.xsrf = xsrf;
  }

  /**
   * @param {string} name
   * @param {Record<string, string>} asked
   */
  url(name, asked = {}) {
    return `${this.base}vigbook/api/${this.cycle}/${name}?${new URLSearchParams(asked)}`;
  }

  /**
   * @param {string} name
   * @param {Record<string, string>} asked
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  async get(name, asked, signal) {
    return (await fetch(this.url(name, asked), { signal })).json();
  }

  /**
   * @param {Step} typed
   * @returns {Promise<Told>}
   */
  async post(typed) {
    // The cookie may have been made anew since the page came.
    const xsrf = readCookie("_xsrf") || this.xsrf;
    const headers = { "Content-Type": "application/json", "X-XSRFToken": xsrf };
    // Kept alive: it is sent though the page be closed.
    const answer = await fetch(this.url("prepare"), { method: "POST", headers, body: JSON.stringify(typed), keepalive: true });
    if (answer.status === 403) throw new TypeError("asked to sign in");
    return answer.json();
  }
}

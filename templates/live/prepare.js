// Choosing clips: puts the film, the line of time and the clips together, and sends each edit.
// An edit goes to the server at once, with the content of the file it was made on; the server
// writes cycle.yaml whole or not at all, and answers with what is there now.

import "./address.js";
import { find, hash } from "./pieces.js";
import { showEarlier, showEditor, showList } from "./prepare-clips.js";
import { Film } from "./prepare-film.js";
import { Line } from "./prepare-line.js";
import { Covering } from "./prepare-masks.js";
import { Server } from "./prepare-server.js";
import { StillPicker, isInside } from "./prepare-still.js";
import { ANEW, Round } from "./shown.js";
import { formatClock } from "./times.js";

/** @import { Clip, Cycle, Deeds, FilmState, Moment, Step, Told } from "./prepare-server.js" */

const PRE_ROLL_S = 1;

/**
 * What is shown. `chosen` is the id of a clip, `begun` where one starts whose end is not marked yet.
 * @typedef {object} State
 * @property {string} revision of cycle.yaml
 * @property {Cycle | null} cycle
 * @property {FilmState} film
 * @property {Record<string, string>} cut what the clips were cut from
 * @property {string | null} chosen
 * @property {Moment | null} begun
 * @property {boolean} undo whether there is something to undo
 * @property {boolean} redo
 */

const { base = "/", cycle: folder = "", xsrf = "" } = document.body.dataset;
const server = new Server(base, folder, xsrf);
const film = new Film(document, server, moved);
const line = new Line(find("timeline"), film);
/** @type {State} */
const state = { revision: "", cycle: null, film: {}, cut: {}, chosen: null, begun: null, undo: false, redo: false };
/** @type {{ typed: Step, done: (answer: Told) => void }[]} */
const queue = [];
let sending = false;
let steps = 0; // done: what was asked for before one is stale after it
let away = false; // what stands as trouble is that nothing could be looked at

// --- Showing ---------------------------------------------------------------------------------

/** @param {Told} answer */
function take(answer) {
  if (answer.film) state.film = answer.film;
  if (answer.cut) state.cut = answer.cut;
  if (answer.cycle) {
    state.cycle = answer.cycle;
    state.undo = Boolean(answer.undo);
    state.redo = Boolean(answer.redo);
  }
  if (answer.revision) state.revision = answer.revision;
  if (!chosenClip() && state.chosen) state.chosen = null;
  show();
}

function show() {
  const { cycle } = state;
  film.show(state.film);
  if (["refused", "missing"].includes(state.film.state || "")) takeDown();
  else putBack();
  takeAids();
  if (!cycle) return;
  line.clips = cycle.clips;
  line.chosen = state.chosen;
  line.begun = state.begun;
  line.draw();
  showEarlier(find("earlier"), cycle);
  showList(find("list"), cycle, line.strip, state.chosen, does);
  showEditor(find("editor"), cycle, chosenClip(), does);
  covering.show({ ...state, cycle }, chosenClip());
  enable("undo", state.undo);
  enable("redo", state.redo);
  find("hint").textContent = hint(cycle);
  find("working").textContent = working();
  // Told without its numbers, or a screen reader would never be still.
  const told = working(false);
  if (find("told").textContent !== told) find("told").textContent = told;
  const clip = chosenClip();
  for (const id of ["mark-start", "mark-end", "take-still"]) enable(id, film.there);
  const plays = Boolean(film.source);
  enable("play", plays);
  for (const id of ["play-clip", "play-before"]) enable(id, plays && Boolean(clip));
  enable("new-clip", Boolean(clip || state.begun));
  moved();
}

/**
 * @param {string} id of a button
 * @param {boolean} can
 */
function enable(id, can) {
  find(id, HTMLButtonElement).disabled = !can;
}

/** @param {Cycle} cycle */
function hint(cycle) {
  if (state.begun) return `A new clip starts at ${state.begun.at}. Go to where it ends, and press O.`;
  if (!cycle.clips.length) return "None yet. Go to where one starts and press I, then to where it ends and press O.";
  return "";
}

/**
 * What is being made, in sentences.
 * @param {boolean} [exactly] how much of it is done as well: for the eye, as it changes all the time
 */
function working(exactly = true) {
  const { aid, cutting } = state.film;
  const parts = [
    aid && { says: `${aid.what} is being made`, done: aid.done },
    cutting?.says && cutting,
  ];
  return parts.map((one) => {
    if (!one) return "";
    const done = exactly && typeof one.done === "number" ? `, ${Math.round(one.done * 100)} %` : "";
    return `${one.says}${done}.`;
  }).join(" ").replace("..", ".").trim();
}

function moved() {
  find("clock").textContent = film.place.at || formatClock(film.place.s);
  find("clock").classList.toggle("moving", film.moving && !film.playing);
  find("play").textContent = film.playing ? "Pause" : "Play";
  line.draw();
  covering.draw();
}

function takeAids() {
  const { key = "", strip, sound } = state.film;
  if (strip && line.key !== key) {
    line.key = key;
    line.strip = { ...strip, url: server.url("strip.jpg", { of: key }) };
    line.image = new Image();
    line.image.onload = () => line.draw();
    line.image.src = line.strip.url;
  }
  if (sound && line.heard !== key) {
    line.heard = key;
    line.step = sound;
    fetch(server.url("levels")).then((answer) => answer.arrayBuffer()).then((bytes) => {
      if (line.heard !== key) return;
      line.levels = new Uint8Array(bytes);
      line.draw();
    });
  }
}

/** Takes down all that is seen of the film, and no word that is being typed. */
function takeDown() {
  if (covering.watcher.open) covering.watcher.close("");
  if (picker.dialog.open) picker.dialog.close("");
  find("watched-stills").replaceChildren();
  line.forget();
  /** @type {NodeListOf<HTMLElement>} */
  const tiles = document.querySelectorAll(".tile");
  tiles.forEach((tile) => tile.style.removeProperty("background-image"));
  for (const picture of document.querySelectorAll("img")) {
    if (!picture.src) continue;
    picture.dataset.taken = picture.src;
    picture.removeAttribute("src");
  }
}

/** Shows again what was taken down: a file may have been wrong for a moment only. */
function putBack() {
  /** @type {NodeListOf<HTMLImageElement>} */
  const pictures = document.querySelectorAll("#editor img[data-taken]");
  for (const picture of pictures) {
    picture.src = picture.dataset.taken || "";
    delete picture.dataset.taken;
  }
}

/**
 * @param {string} at
 * @param {string} clip
 */
function stillUrl(at, clip) {
  // Covered otherwise, it is another picture.
  const masks = clipOf(clip)?.masks;
  return server.url("still.jpg", { at, clip, of: state.film.key || "", covered: hash(JSON.stringify(masks)) });
}

/** @param {string} words */
function say(words) {
  find("saved").textContent = words;
}

/** @param {string} words */
function complain(words) {
  find("trouble").textContent = words;
}

/**
 * @param {string | null} id
 * @returns {Clip | undefined}
 */
function clipOf(id) {
  return state.cycle?.clips.find((one) => one.id === id);
}

function chosenClip() {
  return clipOf(state.chosen);
}

// --- Steps -----------------------------------------------------------------------------------

/**
 * Does steps in turn. Those that the server did not get wait until it answers again.
 * @param {Step} typed
 * @returns {Promise<Told>}
 */
function step(typed) {
  return new Promise((done) => {
    queue.push({ typed, done });
    send();
  });
}

async function send() {
  if (sending) return;
  sending = true;
  say("Saving");
  while (queue.length) {
    const { typed, done } = queue[0];
    try {
      const answer = await server.post({ ...typed, revision: state.revision });
      queue.shift();
      steps += 1;
      tellOf(answer, typed);
      take(answer);
      done(answer);
    } catch {
      say("Not saved yet");
      complain("The program does not answer. What is not saved yet waits here: start vigbook prepare again, and leave this page open.");
      await new Promise((over) => setTimeout(over, 2000));
    }
  }
  sending = false;
}

/**
 * @param {Told} answer
 * @param {Step} typed
 */
function tellOf(answer, typed) {
  complain("");
  const words = ["title", "question", "why", "alt"].includes(typed.field || "") && typed.value ? ` You had typed: “${typed.value}”` : "";
  if (answer.changed) {
    complain(`cycle.yaml was changed in another program. What is there now is shown, and your last step was not done.${words}`);
    for (const { done } of queue.splice(0)) done(answer);
    say("Not saved");
  } else if (answer.refused) {
    complain(answer.refused + words);
    say("Not saved");
  } else {
    if (answer.note) complain(answer.note);
    if (typed.do.endsWith("-faces")) say("");
    else say(`Saved at ${new Date().toLocaleTimeString("en-GB")}`);
  }
}

/** @param {AbortSignal} signal */
async function look(signal) {
  const before = steps;
  try {
    const answer = await server.get("prepare", { seen: state.revision }, signal);
    if (answer.refused) lament(answer.refused);
    else if (!sending && steps === before) {
      if (away) complain("");
      away = false;
      if (answer.cycle && state.cycle) complain("cycle.yaml was changed in another program. What is there now is shown.");
      take(answer);
    } else if (answer.film?.state === "refused") take({ film: answer.film }); // waits for no step
  } catch {
    if (signal.reason === ANEW) return; // that tells nothing of the server
    lament("The program does not answer. Start vigbook prepare again, and leave this page open.");
  }
}

function pause() {
  const { aid, cutting, state: there } = state.film;
  const { faces } = state.film;
  const busy = aid || cutting?.busy || (faces && !faces.faces && !faces.wrong) || there === "reading";
  return document.hidden ? 10000 : busy ? 700 : 3000;
}

/**
 * Complains that nothing could be looked at, until something can.
 * @param {string} words
 */
function lament(words) {
  away = true;
  if (find("trouble").textContent !== words) complain(words);
}

// --- What a person does ----------------------------------------------------------------------

/** @type {Deeds} */
const does = {
  step,
  go: (still) => { film.pause(); film.go(still.s, still.at); },
  choose(id) {
    state.chosen = id;
    state.begun = null;
    show();
    does.visit("start");
  },
  move(id, to) {
    if (to >= 0 && to < (state.cycle?.clips.length || 0)) step({ do: "move-clip", clip: id, to });
  },
  visit(field) {
    const mark = chosenClip()?.[field];
    if (!mark) return;
    film.pause();
    film.go(mark.s, mark.at);
  },
  async nudge(field, count) {
    const mark = chosenClip()?.[field];
    const frame = mark && await film.beside(mark.s, count);
    if (!frame) return;
    await step({ do: "set-clip", clip: state.chosen, field, value: frame.at });
    does.visit(field);
  },
  take: (s, clip, number) => picker.open(s, clip, number),
  still: stillUrl,
};
const covering = new Covering(film, server, does);
const picker = new StillPicker(server, {
  clipOf,
  still: stillUrl,
  complain,
  async keep(typed, clip) {
    state.chosen = clip;
    const answer = await step(typed);
    if (!answer.refused && !answer.changed) show();
    return answer;
  },
});

function here() {
  return film.place.at || film.place.s.toFixed(6);
}

async function markStart() {
  if (!film.there) return;
  const at = here();
  const clip = chosenClip();
  if (clip && film.place.s < clip.end.s) {
    await step({ do: "set-clip", clip: clip.id, field: "start", value: at });
    return;
  }
  state.chosen = null;
  state.begun = { s: film.place.s, at: film.place.at || formatClock(film.place.s) };
  say("");
  complain("");
  show();
}

async function markEnd() {
  if (!film.there) return;
  const clip = chosenClip();
  if (clip) {
    await step({ do: "set-clip", clip: clip.id, field: "end", value: here() });
    return;
  }
  if (!state.begun) {
    complain("Mark where the clip starts first: go there and press I.");
    return;
  }
  film.pause();
  const before = new Set(state.cycle?.clips.map((one) => one.id));
  const answer = await step({ do: "add-clip", start: state.begun.at, end: here() });
  const made = state.cycle?.clips.find((one) => !before.has(one.id));
  if (answer.refused || answer.changed || !made) return;
  state.chosen = made.id;
  state.begun = null;
  show();
}

function newClip() {
  state.chosen = null;
  state.begun = null;
  show();
  find("timeline").focus();
}

function playClip(early = 0) {
  const clip = chosenClip();
  if (clip) film.play(clip.start.s + 0.002 - early, early ? clip.start.s + 2 : clip.end.s - 0.002);
}

function takeStill() {
  if (!film.there) return;
  const { s } = film.place;
  const chosen = chosenClip();
  const inside = (/** @type {Clip} */ one) => isInside(s, one);
  const clip = chosen && inside(chosen) ? chosen : state.cycle?.clips.find(inside);
  if (!clip) {
    complain("This moment is in no clip. Mark a clip around it first, then take the still.");
    return;
  }
  film.pause();
  picker.open(s, clip.id, null);
}

// --- Buttons and keys ------------------------------------------------------------------------

/** @type {Record<string, () => unknown>} */
const KEYS = {
  " ": () => film.toggle(), k: () => film.toggle(),
  ",": () => film.step(-1), ".": () => film.step(1), "<": () => film.skip(-1), ">": () => film.skip(1),
  j: () => film.skip(-5), l: () => film.skip(5),
  i: markStart, o: markEnd, n: newClip, s: takeStill,
  p: () => playClip(), r: () => playClip(PRE_ROLL_S),
  "+": () => line.closer(2), "=": () => line.closer(2), "-": () => line.closer(0.5),
};

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (picker.dialog.open || covering.watcher.open || !(event.target instanceof Element)) return;
  const undoes = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
  /** @type {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement | null} */
  const field = event.target.closest("input[type=text], textarea, select");
  // In a field that was changed, undo is the field's own until that is saved.
  if (undoes && !(field && field.value !== field.dataset.saved)) {
    event.preventDefault();
    const what = event.shiftKey ? "redo" : "undo";
    if (state[what] || sending) step({ do: what });
    return;
  }
  if (field || event.ctrlKey || event.metaKey || event.altKey || !find("keys", HTMLInputElement).checked) return;
  if (event.key === " " && event.target.closest("button, a, summary, input")) return;
  let key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // On some keyboards Shift and comma is no less-than sign.
  if (event.shiftKey && event.code === "Comma") key = "<";
  if (event.shiftKey && event.code === "Period") key = ">";
  if (!(key in KEYS)) return;
  event.preventDefault();
  KEYS[key]();
}

function listen() {
  const on = (/** @type {string} */ id, /** @type {() => unknown} */ act) => find(id).addEventListener("click", act);
  /** @type {NodeListOf<HTMLElement>} */
  const buttons = document.querySelectorAll("[data-step]");
  buttons.forEach((button) => {
    const by = button.dataset.step || "";
    button.addEventListener("click", () => (by.endsWith("s") ? film.skip(parseInt(by, 10)) : film.step(Number(by))));
  });
  on("play", () => film.toggle());
  on("mark-start", markStart);
  on("mark-end", markEnd);
  on("take-still", takeStill);
  on("play-clip", () => playClip());
  on("play-before", () => playClip(PRE_ROLL_S));
  on("closer", () => line.closer(2));
  on("wider", () => line.closer(0.5));
  on("new-clip", newClip);
  on("undo", () => step({ do: "undo" }));
  on("redo", () => step({ do: "redo" }));
  document.addEventListener("keydown", pressed);
  // Leaving the page leaves the field: what is typed in it is sent.
  const left = () => document.activeElement?.dispatchEvent(new Event("blur"));
  window.addEventListener("pagehide", left);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) left();
  });
  window.addEventListener("beforeunload", (event) => {
    if (queue.length) event.preventDefault();
  });
}

listen();
new Round(look, pause);

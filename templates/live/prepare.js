// Choosing clips: puts the film, the line of time and the clips together, and sends each edit.
// An edit goes to the server at once, with the content of the file it was made on; the server
// writes cycle.yaml whole or not at all, and answers with what is there now.

import { Film } from "./prepare-film.js";
import { Line } from "./prepare-line.js";
import { showEarlier, showEditor, showList } from "./prepare-clips.js";
import { Covering, hash } from "./prepare-masks.js";

const body = document.body;
const find = (id) => document.getElementById(id);
const PRE_ROLL_S = 1;

const api = {
  base: body.dataset.base,
  cycle: body.dataset.cycle,
  url(name, asked = {}) {
    return `${this.base}vigbook/api/${this.cycle}/${name}?${new URLSearchParams(asked)}`;
  },
  async get(name, asked) {
    return (await fetch(this.url(name, asked))).json();
  },
  async post(typed) {
    const headers = { "Content-Type": "application/json", "X-XSRFToken": xsrf() };
    // Kept alive: it is sent though the page be closed.
    const answer = await fetch(this.url("prepare"), { method: "POST", headers, body: JSON.stringify(typed), keepalive: true });
    if (answer.status === 403) throw new TypeError("asked to sign in");
    return answer.json();
  },
};

// The cookie may have been made anew since the page came.
function xsrf() {
  return document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)?.[1] || body.dataset.xsrf;
}

const film = new Film(document, api, moved);
const line = new Line(find("timeline"), film);
const state = { revision: "", cycle: null, film: {}, cut: {}, chosen: null, begun: null, undo: false, redo: false };
const queue = [];
let sending = false;
let covering = null; // made once there are things to do
let steps = 0; // done: what was asked for before one is stale after it
let away = false; // what stands as trouble is that nothing could be looked at

// --- Showing ---------------------------------------------------------------------------------

function take(answer) {
  if (answer.film) state.film = answer.film;
  if (answer.cut) state.cut = answer.cut;
  if (answer.cycle) {
    state.cycle = answer.cycle;
    state.undo = answer.undo;
    state.redo = answer.redo;
  }
  if (answer.revision) state.revision = answer.revision;
  if (!chosenClip() && state.chosen) state.chosen = null;
  show();
}

function show() {
  const { cycle } = state;
  film.show(state.film);
  takeAids();
  if (!cycle) return;
  line.clips = cycle.clips;
  line.chosen = state.chosen;
  line.begun = state.begun;
  line.draw();
  showEarlier(find("earlier"), cycle);
  showList(find("list"), cycle, line.strip, state.chosen, does);
  showEditor(find("editor"), cycle, chosenClip(), stillUrl, does);
  covering.show(state, chosenClip());
  find("undo").disabled = !state.undo;
  find("redo").disabled = !state.redo;
  find("hint").textContent = hint();
  find("working").textContent = working();
  // Told without its numbers, or a screen reader would never be still.
  const told = working().replace(/, \d+ %/g, "");
  if (find("told").textContent !== told) find("told").textContent = told;
  const clip = chosenClip();
  for (const id of ["mark-start", "mark-end", "take-still"]) find(id).disabled = !film.there;
  find("play").disabled = !film.source;
  find("play-clip").disabled = find("play-before").disabled = !clip || !film.source;
  find("new-clip").disabled = !clip && !state.begun;
  moved();
}

function hint() {
  if (state.begun) return `A new clip starts at ${state.begun.at}. Go to where it ends, and press O.`;
  if (!state.cycle.clips.length) return "None yet. Go to where one starts and press I, then to where it ends and press O.";
  return "";
}

function working() {
  const { aid, cutting } = state.film;
  const made = aid ? `${aid.what} is being made, ${Math.round(aid.done * 100)} %.` : "";
  return [made, cutting?.says ? `${cutting.says}.` : ""].join(" ").replace("..", ".").trim();
}

function moved() {
  find("clock").textContent = film.place.at || clock(film.place.s);
  find("clock").classList.toggle("moving", film.moving && !film.playing);
  find("play").textContent = film.playing ? "Pause" : "Play";
  line.draw();
  covering?.draw();
}

function clock(s) {
  const ms = Math.round(s * 1000);
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  return `${two(ms / 3600000)}:${two((ms / 60000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, "0")}`;
}

function takeAids() {
  const { key, strip, sound } = state.film;
  if (strip && line.key !== key) {
    line.key = key;
    line.strip = { ...strip, url: api.url("strip.jpg", { of: key }) };
    line.image = new Image();
    line.image.onload = () => line.draw();
    line.image.src = line.strip.url;
  }
  if (sound && line.heard !== key) {
    line.heard = key;
    line.step = sound;
    fetch(api.url("levels")).then((answer) => answer.arrayBuffer()).then((bytes) => {
      line.levels = new Uint8Array(bytes);
      line.draw();
    });
  }
}

function stillUrl(at, clip) {
  // Covered otherwise, it is another picture.
  const masks = state.cycle.clips.find((one) => one.id === clip)?.masks;
  return api.url("still.jpg", { at, clip, of: state.film.key || "", covered: hash(JSON.stringify(masks)) });
}

function say(words) {
  find("saved").textContent = words;
}

function complain(words) {
  find("trouble").textContent = words;
}

function chosenClip() {
  return state.cycle?.clips.find((one) => one.id === state.chosen);
}

// --- Steps -----------------------------------------------------------------------------------

// Does steps in turn. Those that the server did not get wait until it answers again.
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
      const answer = await api.post({ ...typed, revision: state.revision });
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

function tellOf(answer, typed) {
  complain("");
  const words = ["title", "question", "why", "alt"].includes(typed.field) && typed.value ? ` You had typed: “${typed.value}”` : "";
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

async function look() {
  const before = steps;
  try {
    const answer = await api.get("prepare", { seen: state.revision });
    if (answer.refused) lament(answer.refused);
    else if (!sending && steps === before) {
      if (away) complain("");
      away = false;
      if (answer.cycle && state.cycle) complain("cycle.yaml was changed in another program. What is there now is shown.");
      take(answer);
    }
  } catch {
    lament("The program does not answer. Start vigbook prepare again, and leave this page open.");
  }
  const { aid, cutting, state: there } = state.film;
  const { faces } = state.film;
  const busy = aid || cutting?.busy || (faces && !faces.faces && !faces.wrong) || there === "reading";
  setTimeout(look, document.hidden ? 10000 : busy ? 700 : 4000);
}

function lament(words) {
  away = true;
  if (find("trouble").textContent !== words) complain(words);
}

// --- What a person does ----------------------------------------------------------------------

const does = {
  step,
  go: (still) => { film.pause(); film.go(still.s, still.at); },
  choose(id) {
    state.chosen = id;
    state.begun = null;
    show();
    const clip = chosenClip();
    film.pause();
    film.go(clip.start.s, clip.start.at);
  },
  move(id, to) {
    if (to >= 0 && to < state.cycle.clips.length) step({ do: "move-clip", clip: id, to });
  },
  visit(field) {
    const mark = chosenClip()[field];
    film.pause();
    film.go(mark.s, mark.at);
  },
  async nudge(field, count) {
    const mark = chosenClip()[field];
    const frame = await film.beside(mark.s, count);
    if (!frame) return;
    await step({ do: "set-clip", clip: state.chosen, field, value: frame.at });
    does.visit(field);
  },
  take: (s, clip, number) => openPicker(s, clip, number),
  still: (at, clip) => stillUrl(at, clip),
};
covering = new Covering(document, film, api, does);

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
  state.begun = { s: film.place.s, at: film.place.at || clock(film.place.s) };
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
  const before = new Set(state.cycle.clips.map((one) => one.id));
  const answer = await step({ do: "add-clip", start: state.begun.at, end: here() });
  const made = state.cycle.clips.find((one) => !before.has(one.id));
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
  const inside = (one) => s >= one.start.s - 0.0006 && s < one.end.s;
  const clip = chosenClip() && inside(chosenClip()) ? chosenClip() : state.cycle.clips.find(inside);
  if (!clip) {
    complain("This moment is in no clip. Mark a clip around it first, then take the still.");
    return;
  }
  film.pause();
  openPicker(s, clip.id, null);
}

// --- Choosing a still ------------------------------------------------------------------------

const picker = { s: 0, clip: null, number: null };

async function openPicker(s, clipId, number) {
  Object.assign(picker, { s, clip: clipId, number });
  find("sharper").textContent = "";
  find("beside").querySelectorAll("label").forEach((one) => one.remove());
  find("picked").removeAttribute("src");
  const answer = await api.get("neighbours", { at: s.toFixed(6), clip: clipId });
  if (answer.refused) {
    complain(answer.refused);
    return;
  }
  complain("");
  const clip = state.cycle.clips.find((one) => one.id === clipId);
  const inside = answer.moments.filter((one) => one.s >= clip.start.s - 0.0006 && one.s < clip.end.s);
  inside.forEach((one) => offer(one, one.here));
  find("picker").showModal();
  find("beside").querySelector("input:checked")?.focus();
}

function offer(moment, chosen) {
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "still", value: moment.at, checked: chosen });
  const image = Object.assign(document.createElement("img"), { src: stillUrl(moment.at, picker.clip), alt: "" });
  const label = document.createElement("label");
  const words = document.createElement("span");
  words.textContent = moment.at.slice(3);
  label.append(input, image, words);
  input.addEventListener("change", () => showPicked(moment.at));
  find("beside").append(label);
  if (chosen) showPicked(moment.at);
}

function showPicked(at) {
  find("picked").src = stillUrl(at, picker.clip);
}

async function lookSharper() {
  find("sharper").textContent = "Looking";
  const chosen = find("beside").querySelector("input:checked");
  const found = await api.get("sharpest", { at: picker.s.toFixed(6) });
  const clip = state.cycle.clips.find((one) => one.id === picker.clip);
  if (found.refused || found.s < clip.start.s - 0.0006 || found.s >= clip.end.s || found.at === chosen?.value) {
    find("sharper").textContent = found.refused || "There is none sharper in this clip, within half a second.";
    return;
  }
  const there = [...find("beside").querySelectorAll("input")].find((one) => one.value === found.at);
  if (there) there.checked = true;
  else offer(found, true);
  showPicked(found.at);
  find("sharper").textContent = `The sharpest within half a second is at ${found.at.slice(3)}. It is for you to choose.`;
}

async function keepStill() {
  if (find("picker").returnValue !== "keep") return;
  const at = find("beside").querySelector("input:checked")?.value;
  if (!at) return;
  const { clip, number } = picker;
  const op = number ? { do: "set-still", clip, still: number, field: "at", value: at } : { do: "add-still", clip, at };
  state.chosen = clip;
  const answer = await step(op);
  if (answer.refused || answer.changed) return;
  show();
  const place = chosenClip().stills.findIndex((one) => one.at === at) + 1;
  find(`f-alt-${place}`)?.focus();
}

// --- Buttons and keys ------------------------------------------------------------------------

const KEYS = {
  " ": () => film.toggle(), k: () => film.toggle(),
  ",": () => film.step(-1), ".": () => film.step(1), "<": () => film.skip(-1), ">": () => film.skip(1),
  j: () => film.skip(-5), l: () => film.skip(5),
  i: markStart, o: markEnd, n: newClip, s: takeStill,
  p: () => playClip(), r: () => playClip(PRE_ROLL_S),
  "+": () => line.closer(2), "=": () => line.closer(2), "-": () => line.closer(0.5),
};

function pressed(event) {
  if (find("picker").open || find("watcher").open) return;
  const undoes = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
  const field = event.target.closest("input[type=text], textarea, select");
  // In a field that was changed, undo is the field's own until that is saved.
  if (undoes && !(field && field.value !== field.dataset.saved)) {
    event.preventDefault();
    const what = event.shiftKey ? "redo" : "undo";
    if (state[what] || sending) step({ do: what });
    return;
  }
  if (field || event.ctrlKey || event.metaKey || event.altKey || !find("keys").checked) return;
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
  const on = (id, act) => find(id).addEventListener("click", act);
  document.querySelectorAll("[data-step]").forEach((button) => {
    const by = button.dataset.step;
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
  on("sharpest", lookSharper);
  find("picker").addEventListener("close", keepStill);
  document.addEventListener("keydown", pressed);
  // Leaving the page leaves the field: what is typed in it is sent.
  const left = () => document.activeElement?.dispatchEvent(new Event("blur"));
  window.addEventListener("pagehide", left);
  document.addEventListener("visibilitychange", () => document.hidden && left());
  window.addEventListener("beforeunload", (event) => {
    if (queue.length) event.preventDefault();
  });
}

listen();
look();

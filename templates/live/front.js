// The buttons of the front page: they start work on the server and show when it is done.

import "./address.js";
import { drop, make } from "./pieces.js";
import { readCookie } from "./reach.js";
import { watchShown } from "./shown.js";

const LOOK_MS = 700;
const STOPPED = "vigbook has stopped. Open it again with: vigbook open";
const SILENT = "vigbook did not answer. Open it again with: vigbook open";

/** @param {HTMLElement} section */
function addressOf(section) {
  return `${document.body.dataset.base}vigbook/api/${section.dataset.cycle}/work`;
}

/**
 * @param {HTMLElement} section
 * @param {string[]} problems
 */
function showProblems(section, problems) {
  const box = /** @type {HTMLElement} */ (section.querySelector(".wrong"));
  box.replaceChildren();
  box.hidden = problems.length === 0;
  if (!problems.length) return;
  const list = make("ul", {}, ...problems.map((problem) => make("li", {}, problem)));
  box.append(make("p", {}, "It could not be made:"), list);
}

/**
 * The sentence that something is being made.
 * @param {HTMLElement} section
 */
function findWorking(section) {
  return /** @type {HTMLElement} */ (section.querySelector(".working"));
}

/**
 * @param {HTMLElement} section
 * @returns {NodeListOf<HTMLButtonElement>}
 */
function findButtons(section) {
  return section.querySelectorAll("button[data-do]");
}

/**
 * @param {HTMLElement} section
 * @param {boolean} working
 */
function showWorking(section, working) {
  findWorking(section).hidden = !working;
  for (const button of findButtons(section)) button.disabled = working;
}

/**
 * Looks until the work is done, and then shows the page anew, or what was wrong.
 * @param {HTMLElement} section
 */
async function follow(section) {
  showWorking(section, true);
  for (;;) {
    await new Promise((done) => setTimeout(done, LOOK_MS));
    let state;
    try {
      state = await (await fetch(addressOf(section))).json();
    } catch {
      showWorking(section, false);
      showProblems(section, [STOPPED]);
      return;
    }
    if (state.running) continue;
    if (state.problems.length) {
      showWorking(section, false);
      showProblems(section, state.problems);
    } else {
      location.reload();
    }
    return;
  }
}

/**
 * @param {HTMLElement} section
 * @param {string | undefined} deed
 */
async function start(section, deed) {
  showProblems(section, []);
  showWorking(section, true);
  try {
    const answer = await fetch(addressOf(section), {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-XSRFToken": readCookie("_xsrf") },
      body: JSON.stringify({ do: deed }),
    });
    if (!answer.ok) throw new Error(String(answer.status));
  } catch {
    showWorking(section, false);
    showProblems(section, [SILENT]);
    return;
  }
  await follow(section);
}

/**
 * Takes away the papers that may be shown no longer.
 * @param {HTMLElement} section
 * @param {string[]} papers those that may
 */
function keepPapers(section, papers) {
  /** @type {NodeListOf<HTMLElement>} */
  const shown = section.querySelectorAll(".papers li");
  for (const one of shown) if (!papers.includes(one.dataset.paper || "")) drop(one);
  if (shown.length && !section.querySelector(".papers li")) {
    for (const name of [".papers", ".papers-title"]) section.querySelector(name)?.remove();
  }
}

/** @type {NodeListOf<HTMLElement>} */
const sections = document.querySelectorAll("section[data-cycle]");
for (const section of sections) {
  for (const button of findButtons(section)) {
    button.addEventListener("click", () => start(section, button.dataset.do));
  }
  if (!findWorking(section).hidden) follow(section);
  const { cycle = "" } = section.dataset;
  watchShown(document.body.dataset.base || "/", cycle, ({ papers }) => keepPapers(section, papers));
}

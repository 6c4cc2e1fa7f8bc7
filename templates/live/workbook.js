// The workbook's page around its widgets: its title, and a banner that tells when something that
// saves is gone, how much is not saved yet, and when all is well again.

import "./address.js";
import { baseUrl } from "./reach.js";

/** @import { Status } from "./saving.js" */

const ASK_MS = 5000;
const WELL_MS = 5000;
const COUNTED = ["waiting", "refused", "shut", "conflict"];

/** @type {Status["kind"][]} how it stands with each prompt */
let statuses = [];
const banner = document.createElement("p");
let kernelGone = false;
let serverGone = false;
let wasBad = false;

function findUnsaved() {
  return statuses.filter((kind) => COUNTED.includes(kind));
}

/** @param {Status["kind"][]} unsaved */
function sayUnsaved(unsaved) {
  if (!unsaved.length) return "";
  const choose = unsaved.every((kind) => kind === "conflict");
  if (choose) return "There are two texts of an answer. Please choose below which one to keep.";
  const many = unsaved.length > 1 ? `${unsaved.length} answers are` : "1 answer is";
  return `${many} not saved yet. Your words are kept in this browser.`;
}

function sayState() {
  const unsaved = sayUnsaved(findUnsaved());
  if (statuses.includes("shut")) return `${unsaved} Open this family again with “vigbook open”.`;
  if (serverGone) {
    const gone = "vigbook is not running. Start it again with “vigbook open”.";
    return `${gone} ${unsaved || "What you type is kept in this browser until then."}`;
  }
  if (unsaved) return unsaved;
  if (kernelGone) {
    const saved = "Part of this page has stopped. What you type is still saved.";
    return `${saved} Load the page again when it suits you.`;
  }
  return "";
}

function updateBanner() {
  const words = sayState();
  if (words) showBanner(words, false);
  else if (wasBad) {
    showBanner("All is well again. Everything is saved.", true);
    setTimeout(() => {
      if (!sayState()) banner.hidden = true;
    }, WELL_MS);
  }
  wasBad = Boolean(words);
}

/**
 * @param {string} words
 * @param {boolean} well
 */
function showBanner(words, well) {
  banner.hidden = false;
  banner.classList.toggle("vb-well", well);
  if (banner.textContent !== words) banner.textContent = words;
}

function findKernel() {
  const told = document.getElementById("jupyter-config-data")?.textContent;
  return JSON.parse(told || "{}").kernelId;
}

async function askForKernel() {
  try {
    const answer = await fetch(`${baseUrl()}api/kernels/${findKernel()}`, {
      credentials: "same-origin",
      signal: AbortSignal.timeout(ASK_MS),
    });
    serverGone = false;
    kernelGone = answer.status === 404;
  } catch {
    serverGone = true;
  }
  updateBanner();
}

// The page is called by the family's names, which only its widgets know.
function takeTitle() {
  const heading = document.querySelector("#rendered_cells h1");
  if (heading?.textContent) document.title = heading.textContent;
  return Boolean(heading?.textContent);
}

function start() {
  banner.className = "vb-banner";
  banner.setAttribute("role", "status");
  banner.hidden = true;
  document.body.prepend(banner);
  document.addEventListener("vigbook-saving", (event) => {
    statuses = /** @type {CustomEvent<Status["kind"][]>} */ (event).detail;
    updateBanner();
  });
  const quick = new URLSearchParams(location.search).has("quick") ? 5 : 1;
  setInterval(askForKernel, ASK_MS / quick);
  const watch = new MutationObserver(() => {
    if (takeTitle()) watch.disconnect();
  });
  const cells = document.getElementById("rendered_cells");
  if (cells) watch.observe(cells, { childList: true, subtree: true });
}

start();

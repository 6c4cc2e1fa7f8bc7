// The workbook's page around its widgets: its title, and a banner that tells when something that
// saves is gone, how much is not saved yet, and when all is well again.

const ASK_MS = 5000;
const WELL_MS = 5000;
const COUNTED = ["waiting", "refused", "shut", "conflict"];

const banner = document.createElement("p");
let kernelGone = false;
let serverGone = false;
let wasBad = false;

function countUnsaved() {
  const savers = window.vigbookShared ? [...window.vigbookShared.savers.values()] : [];
  return savers.filter((saver) => COUNTED.includes(saver.status.kind));
}

function sayUnsaved(savers) {
  if (!savers.length) return "";
  const choose = savers.every((saver) => saver.status.kind === "conflict");
  if (choose) return "There are two texts of an answer. Please choose below which one to keep.";
  const many = savers.length > 1 ? `${savers.length} answers are` : "1 answer is";
  return `${many} not saved yet. Your words are kept in this browser.`;
}

function sayState() {
  const unsaved = sayUnsaved(countUnsaved());
  const shut = countUnsaved().some((saver) => saver.status.kind === "shut");
  if (shut) return `${unsaved} Open this family again with “vigbook open”.`;
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
    setTimeout(() => !sayState() && (banner.hidden = true), WELL_MS);
  }
  wasBad = Boolean(words);
}

function showBanner(words, well) {
  banner.hidden = false;
  banner.classList.toggle("vb-well", well);
  if (banner.textContent !== words) banner.textContent = words;
}

function readConfig() {
  return JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "{}");
}

async function askForKernel() {
  const { baseUrl = "/", kernelId } = readConfig();
  try {
    const answer = await fetch(`${baseUrl}api/kernels/${kernelId}`, {
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
  document.addEventListener("vigbook-saving", updateBanner);
  const quick = new URLSearchParams(location.search).has("quick") ? 5 : 1;
  setInterval(askForKernel, ASK_MS / quick);
  const watch = new MutationObserver(() => takeTitle() && watch.disconnect());
  watch.observe(document.getElementById("rendered_cells"), { childList: true, subtree: true });
}

start();

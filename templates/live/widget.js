// What a widget brings with it: the way to its module, which our server gives out.

/** @import { Model } from "./saving.js" */

const CANNOT = "Only vigbook can show this. Close this page, and open the family's folder with ";

/** Returns the server's address, which Voila and JupyterLab both tell their pages. */
function findServer() {
  const told = document.getElementById("jupyter-config-data")?.textContent;
  const base = told && JSON.parse(told).baseUrl;
  return new URL(base || "/", location.href);
}

/** @param {{ model: Model, el: HTMLElement }} widget */
async function render(widget) {
  let module;
  try {
    module = await import(new URL(widget.model.get("module"), findServer()).href);
  } catch {
    const [sentence, command] = ["p", "code"].map((name) => document.createElement(name));
    command.textContent = "vigbook open FOLDER";
    sentence.append(CANNOT, command);
    widget.el.append(sentence);
    return undefined;
  }
  return module.default.render(widget);
}

export default { render };

// JupyterLab's part of vigbook: a workbook that this person's vigbook or Jupyter signed runs itself
// on opening, with its code hidden, and our pages stand in the menu of exports by plain names.
// Written by hand as a federated module: no packages, no build.
(() => {
  const CSS = `
    .vb-book .jp-CodeCell .jp-Cell-inputWrapper { display: none !important; }
    .vb-book .jp-CodeCell:not(:has(.jp-OutputArea-child)) { display: none !important; }
    .vb-book .jp-OutputPrompt, .vb-book .jp-InputPrompt, .vb-book .jp-Notebook-footer,
    .vb-book .jp-Collapser { display: none !important; }
    .vb-book .jp-Notebook .jp-Cell { max-width: 860px; margin: 0 auto; }
  `;

  // JupyterLab would show the exporters' own names, "Vigbook-record".
  const EXPORTS = {
    "vigbook-record": "Vigbook record (PDF)",
    "vigbook-take-home": "Vigbook take-home (PDF)",
  };

  function nameExports(commands) {
    const label = commands.label.bind(commands);
    commands.label = (id, args) => {
      const plain = id === "notebook:export-to-format" && EXPORTS[args?.format];
      return label(id, plain ? { ...args, label: plain } : args);
    };
  }

  // Once for each panel: cells may be run again by hand.
  const seen = new WeakSet();

  async function open(app, panel) {
    if (!panel?.content?.widgets || !panel.context || seen.has(panel)) return;
    seen.add(panel);
    await panel.context.ready;
    if (!panel.content.model?.getMetadata?.("vigbook")) return;
    panel.addClass("vb-book");
    const code = panel.content.widgets.filter((cell) => cell.model.type === "code");
    // Not signed here: somebody else's cells, which a person has to run themselves.
    if (!code.every((cell) => cell.model.trusted)) {
      panel.removeClass("vb-book");
      return;
    }
    await panel.sessionContext.ready;
    await panel.revealed;
    await app.commands.execute("notebook:run-all-cells");
  }

  const plugin = {
    id: "vigbook:open",
    autoStart: true,
    activate: (app) => {
      const style = document.createElement("style");
      style.textContent = CSS;
      document.head.append(style);
      nameExports(app.commands);
      app.shell.currentChanged?.connect((_, change) => open(app, change.newValue));
      app.restored.then(() => open(app, app.shell.currentWidget));
    },
  };

  (window._JUPYTERLAB = window._JUPYTERLAB || {}).vigbook = {
    init: () => {},
    get: () => Promise.resolve(() => ({ __esModule: true, default: [plugin] })),
  };
})();

// What Voila's script calls on a workbook's page. How many of its cells have run is of no interest
// in front of a family. Its script stands below all cells: they have come when it asks.

const nothing = () => {};

// Once the page has its letters and colours.
const showCells = () => {
  document.getElementById("loading")?.remove();
  const cells = document.getElementById("rendered_cells");
  if (cells) cells.style.display = "";
};

Object.assign(window, {
  cellLoaded: true,
  display_cells: showCells,
  update_loading_text: nothing,
  voila_finish: showCells,
  voila_heartbeat: nothing,
  voila_process: nothing,
});

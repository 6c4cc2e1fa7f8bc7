// The page that shows a printed paper: it takes the paper down where it may be shown no longer.

import "./address.js";
import { drop, find, make } from "./pieces.js";
import { watchShown } from "./shown.js";

const { base = "/", cycle = "", paper = "" } = document.body.dataset;

const leave = watchShown(base, cycle, ({ papers }) => {
  if (papers.includes(paper)) return;
  leave();
  document.querySelectorAll(".sheet").forEach(drop);
  document.querySelectorAll("nav a:not(:first-child)").forEach((link) => link.remove());
  find("paper").append(make("p", { role: "status" }, "There is no page to look at here today."));
});

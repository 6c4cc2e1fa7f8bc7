// The buttons of the front page: they start work on the server and show when it is done.
const base = document.body.dataset.base;

function cookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

function address(cycle) {
  return `${base}vigbook/api/${cycle}/work`;
}

function showProblems(section, problems) {
  const box = section.querySelector(".wrong");
  box.replaceChildren();
  box.hidden = problems.length === 0;
  if (!problems.length) return;
  const head = document.createElement("p");
  head.textContent = "It could not be made:";
  const list = document.createElement("ul");
  for (const problem of problems) {
    const item = document.createElement("li");
    item.textContent = problem;
    list.append(item);
  }
  box.append(head, list);
}

function showWorking(section, working) {
  section.querySelector(".working").hidden = !working;
  for (const button of section.querySelectorAll("button[data-do]")) button.disabled = working;
}

async function follow(section) {
  showWorking(section, true);
  for (;;) {
    await new Promise((done) => setTimeout(done, 700));
    let state;
    try {
      state = await (await fetch(address(section.dataset.cycle))).json();
    } catch {
      showWorking(section, false);
      showProblems(section, ["vigbook has stopped. Open it again with: vigbook open"]);
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

async function start(section, deed) {
  showProblems(section, []);
  showWorking(section, true);
  try {
    const answer = await fetch(address(section.dataset.cycle), {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-XSRFToken": cookie("_xsrf") },
      body: JSON.stringify({ do: deed }),
    });
    if (!answer.ok) throw new Error(String(answer.status));
  } catch {
    showWorking(section, false);
    showProblems(section, ["vigbook did not answer. Open it again with: vigbook open"]);
    return;
  }
  await follow(section);
}

for (const section of document.querySelectorAll("section[data-cycle]")) {
  for (const button of section.querySelectorAll("button[data-do]")) {
    button.addEventListener("click", () => start(section, button.dataset.do));
  }
  if (!section.querySelector(".working").hidden) follow(section);
}

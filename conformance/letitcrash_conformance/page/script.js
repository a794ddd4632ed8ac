"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const clauses = new Map(data.clauses.map((clause) => [clause.id, clause]));
  const rows = data.clauses.map((clause) => find(clause.id));
  const title = document.title;

  // Everything is made of elements and texts: nothing here is ever read as markup.
  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== "" && value !== null) element.setAttribute(key, value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  };
  const link = (id) => make("a", { href: "#" + id }, id);
  const prose = (text) => text.split("`").map((piece, index) => (index % 2 ? make("code", {}, piece) : piece));
  const textOf = (id) => find(id).querySelector(".text").cloneNode(true).childNodes;
  const sayStatus = (cell) => (cell[0] < 0 ? "not asked for" : data.statuses[cell[0]]);
  const showStatus = (cell) =>
    make(
      "span",
      { class: cell[0] < 0 ? "quiet" : data.looks[cell[0]] },
      cell[0] < 0 ? "" : make("span", { "aria-hidden": "true" }, data.signs[cell[0]]),
      " " + sayStatus(cell),
    );

  // -- filters
  const form = find("filters");
  const filter = () => {
    const [chapter, keyword, verdict, subject] = ["chapter", "keyword", "verdict", "subject"].map((id) => find(id).value);
    const words = find("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    data.clauses.forEach((clause, index) => {
      const cells = subject === "" ? clause.cells : [clause.cells[Number(subject)]];
      const holds = (word) => (rows[index].textContent + clause.source + clause.intent).toLowerCase().includes(word);
      const fits =
        (chapter === "" || clause.chapter === chapter) &&
        (keyword === "" || clause.keyword === keyword) &&
        (verdict === "" ? subject === "" || cells[0][0] >= 0 : cells.some((cell) => cell[0] === Number(verdict))) &&
        words.every(holds);
      rows[index].hidden = !fits;
      shown += fits;
    });
    for (const body of find("matrix").querySelectorAll("tbody")) {
      body.hidden = !body.querySelector("tr[id]:not([hidden])");
    }
    find("shown").textContent = "Showing " + shown + " of " + rows.length + " clauses.";
  };
  form.addEventListener("input", filter);
  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));

  // -- one clause
  const addCopying = (inside) => {
    if (!navigator.clipboard) return;
    for (const code of inside.querySelectorAll("code.repeat")) {
      const button = make("button", { type: "button" }, "Copy");
      button.addEventListener("click", () =>
        navigator.clipboard.writeText(code.textContent).then(() => (button.textContent = "Copied")),
      );
      code.after(" ", button);
    }
  };
  const cloneOf = (id) => {
    const article = find(id).cloneNode(true);
    article.removeAttribute("id");
    return article;
  };
  const tableOf = (clause) => {
    const body = make("tbody", {});
    clause.cells.forEach((cell, index) => {
      const reason = cell[2] < 0 ? "" : data.reasons[cell[2]];
      const held = cell[1] === 0 ? "" : "held " + cell[1] + (cell[1] === 1 ? " time" : " times");
      body.append(
        make(
          "tr",
          {},
          make("th", { scope: "row" }, data.runs[index]),
          make("td", {}, showStatus(cell)),
          make("td", { class: "text" }, [held, reason].filter(Boolean).join("; ")),
        ),
      );
    });
    const heads = ["Subject", "Verdict", "Notes"].map((head) => make("th", { scope: "col" }, head));
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body);
    return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Verdicts" }, table);
  };
  const showClause = (clause) => {
    const index = data.clauses.indexOf(clause);
    const before = data.clauses[index - 1];
    const after = data.clauses[index + 1];
    const articles = clause.cells.filter((cell) => cell[3] !== "").map((cell) => cloneOf(cell[3]));
    const single = find("single");
    single.replaceChildren(
      make("p", { class: "turns" }, make("a", { href: "#clauses" }, "All clauses")),
      make("h2", { id: "single-title", tabindex: "-1" }, clause.id + " " + clause.keyword),
      make("p", {}, ...textOf(clause.id)),
      make("p", {}, make("strong", {}, "Why: "), ...prose(clause.intent)),
      make("p", { class: "muted" }, "Source: " + clause.source),
      make("p", { class: "muted" }, "Chapter: " + data.chapters[clause.chapter] + ". " + clause.facts),
      tableOf(clause),
      ...articles,
      make(
        "nav",
        { class: "turns", "aria-label": "Other clauses" },
        before ? make("span", {}, "Before: ", link(before.id)) : null,
        after ? make("span", {}, "Next: ", link(after.id)) : null,
      ),
    );
    addCopying(single);
    document.title = clause.id + ", " + title;
    find("overview").hidden = true;
    single.hidden = false;
    window.scrollTo(0, 0);
    find("single-title").focus({ preventScroll: true });
  };

  let last = "";
  const route = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const clause = clauses.get(id);
    if (clause !== undefined) {
      last = id;
      showClause(clause);
      return;
    }
    const came = !find("single").hidden;
    find("single").hidden = true;
    find("overview").hidden = false;
    document.title = title;
    const target = find(id);
    if (target === null) return;
    target.scrollIntoView();
    const row = last === "" ? null : find(last).querySelector("a");
    if (came && id === "clauses" && row !== null) {
      row.focus();
      row.scrollIntoView({ block: "center" });
    } else if (target.tabIndex >= -1) {
      target.focus({ preventScroll: true });
    }
  };
  addEventListener("hashchange", route);
  // A browser takes the focus away when it looks for the place that the address names, once the page is loaded.
  addEventListener("load", () => setTimeout(route));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !find("single").hidden) location.hash = "#clauses";
  });

  // -- comparison
  const judged = (cell) => ["passed", "failed", "flaky", "known"].includes(sayStatus(cell));
  const holds = (cell) => sayStatus(cell) === "passed";
  const kinds = [
    ["Broken", "held before and does not now", (a, b) => holds(a) && judged(b) && !holds(b)],
    ["Fixed", "did not hold before and holds now", (a, b) => judged(a) && !holds(a) && holds(b)],
    ["New", "was not judged before and is now", (a, b) => !judged(a) && judged(b)],
    ["Still broken", "does not hold in either", (a, b) => judged(a) && judged(b) && !holds(a) && !holds(b)],
    ["No longer judged", "was judged before and is not now", (a, b) => judged(a) && !judged(b)],
  ];
  const compare = () => {
    const [one, other] = [Number(find("before").value), Number(find("after").value)];
    const parts = kinds.map(([name, meaning, fits]) => {
      const found = data.clauses.filter((clause) => fits(clause.cells[one], clause.cells[other]));
      const items = found.map((clause) =>
        make(
          "li",
          {},
          link(clause.id),
          " ",
          showStatus(clause.cells[one]),
          " → ",
          showStatus(clause.cells[other]),
        ),
      );
      return make(
        "details",
        { "data-kind": name, open: found.length > 0 && found.length <= 40 ? "open" : "" },
        make("summary", {}, name + ": " + found.length + " (" + meaning + ")"),
        items.length > 0 ? make("ul", {}, ...items) : make("p", {}, "None."),
      );
    });
    find("compared").replaceChildren(...parts);
  };
  if (find("pair") !== null) {
    find("pair").addEventListener("input", compare);
    find("pair").addEventListener("change", compare);
    find("pair").addEventListener("submit", (event) => event.preventDefault());
    compare();
  }

  addCopying(find("failures"));
  filter();
  route();
})();

"use strict";
/* Sorting by clicking headings, filtering rows, tips of marks; without this script the
 * tables are as written and browsers show the tips. */
(function () {
  function value(row, column) {
    var cell = row.cells[column];
    var raw = cell.getAttribute("data-value");
    return raw === null ? cell.textContent.trim() : Number(raw);
  }
  function compare(a, b) {
    var numbers = typeof a === "number" && typeof b === "number";
    if (numbers) { return a - b; }
    if (typeof a !== typeof b) { return typeof a === "number" ? -1 : 1; }
    return a < b ? -1 : a > b ? 1 : 0;
  }
  function sort(table, column) {
    var heading = table.tHead.rows[0].cells[column];
    var down = heading.getAttribute("aria-sort") === "ascending";
    Array.from(table.tHead.rows[0].cells).forEach(function (c) { c.removeAttribute("aria-sort"); });
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    var body = table.tBodies[0];
    Array.from(body.rows).map(function (row, i) { return { row: row, v: value(row, column), i: i }; })
      .sort(function (a, b) {
        var order = compare(a.v, b.v);
        if (typeof a.v === typeof b.v && down) { order = -order; }
        return order || a.i - b.i;
      }).forEach(function (e) { e.row.classList.remove("g"); body.appendChild(e.row); });
  }
  function filter(table, text) {
    var words = text.toLowerCase().split(/\s+/).filter(Boolean);
    Array.from(table.tBodies[0].rows).forEach(function (row) {
      var own = row.textContent.toLowerCase();
      row.hidden = !words.every(function (w) { return own.indexOf(w) >= 0; });
    });
  }
  /* Tips of marks at once, by pointer or touch, where a browser alone would wait. */
  function tips() {
    var tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    document.body.appendChild(tip);
    document.addEventListener("pointerover", function (event) {
      var mark = event.target.closest && event.target.closest("svg .bar, svg .block");
      var title = mark && mark.querySelector("title");
      tip.hidden = !title;
      if (!title) { return; }
      tip.textContent = title.textContent;
      var box = mark.getBoundingClientRect(), width = document.documentElement.clientWidth;
      tip.style.left = Math.max(4, Math.min(box.left, width - tip.offsetWidth - 4)) + "px";
      tip.style.top = (box.top > tip.offsetHeight + 8 ? box.top - tip.offsetHeight - 6 : box.bottom + 6) + "px";
    });
    document.addEventListener("keydown", function (event) { if (event.key === "Escape") { tip.hidden = true; } });
    document.addEventListener("scroll", function () { tip.hidden = true; }, true);
  }
  tips();
  document.querySelectorAll("table").forEach(function (table) {
    Array.from(table.tHead.rows[0].cells).forEach(function (cell, column) {
      var label = cell.querySelector(".h"), button = document.createElement("button");
      button.type = "button";
      label.replaceWith(button);
      button.appendChild(label);
      button.addEventListener("click", function () { sort(table, column); });
    });
    if (table.tBodies[0].rows.length < 6) { return; }
    var input = document.createElement("input");
    input.type = "search";
    input.className = "filter";
    input.placeholder = "filter rows";
    input.setAttribute("aria-label", "filter rows of this table");
    input.addEventListener("input", function () { filter(table, input.value); });
    table.parentNode.before(input);
  });
})();

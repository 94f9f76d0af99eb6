"use strict";
/* Sorting by headings, filtering of rows, tips of marks by pointer, touch and keyboard. Without this
 * script the tables are as written and browsers show the tips. */
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
  /* Up, down, and as written again. */
  function sort(table, rows, column) {
    var headings = Array.from(table.tHead.rows[0].cells), heading = headings[column];
    var now = heading.getAttribute("aria-sort");
    var next = now === "ascending" ? "descending" : now === "descending" ? null : "ascending";
    headings.forEach(function (c) { c.removeAttribute("aria-sort"); });
    if (next) { heading.setAttribute("aria-sort", next); }
    table.classList.toggle("sorted", next !== null);
    rows.map(function (row, i) { return { row: row, v: value(row, column), i: i }; })
      .sort(function (a, b) {
        var order = next ? compare(a.v, b.v) : 0;
        if (typeof a.v === typeof b.v && next === "descending") { order = -order; }
        return order || a.i - b.i;
      }).forEach(function (e) { table.tBodies[0].appendChild(e.row); });
  }
  function filter(rows, text, told) {
    var words = text.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    rows.forEach(function (row) {
      var own = row.textContent.toLowerCase();
      row.hidden = !words.every(function (w) { return own.indexOf(w) >= 0; });
      shown += row.hidden ? 0 : 1;
    });
    told.textContent = words.length ? shown + " of " + rows.length + " rows" : "";
  }
  function addFilter(table, rows) {
    var input = document.createElement("input"), told = document.createElement("span");
    input.type = "search";
    input.className = "filter";
    input.placeholder = "filter rows";
    input.setAttribute("aria-label", "filter rows of this table");
    told.className = "note";
    told.setAttribute("role", "status");
    input.addEventListener("input", function () { filter(rows, input.value, told); });
    table.parentNode.before(input, told);
  }
  function prepare(table) {
    var rows = Array.from(table.tBodies[0].rows);
    Array.from(table.tHead.rows[0].cells).forEach(function (cell, column) {
      var label = cell.querySelector(".h"), button = document.createElement("button");
      button.type = "button";
      label.replaceWith(button);
      button.appendChild(label);
      button.addEventListener("click", function () { sort(table, rows, column); });
    });
    if (rows.length >= 6) { addFilter(table, rows); }
  }
  /* A figure takes the focus as a whole; in it the arrow keys walk from mark to mark. */
  function walk(svg, show, hide) {
    var marks = Array.from(svg.querySelectorAll(".bar, .hollow")).filter(function (m) {
      return m.querySelector("title");
    });
    var steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }, at = -1;
    if (!marks.length) { return; }
    svg.setAttribute("tabindex", "0");
    svg.setAttribute("aria-label", svg.getAttribute("aria-label") + "; arrow keys tell its " +
      marks.length + " values");
    svg.addEventListener("keydown", function (event) {
      var step = steps[event.key];
      if (!step && event.key !== "Home" && event.key !== "End") { return; }
      event.preventDefault();
      at = event.key === "Home" ? 0 : event.key === "End" ? marks.length - 1
        : at < 0 && step < 0 ? marks.length - 1 : (at + step + marks.length) % marks.length;
      show(marks[at]);
    });
    svg.addEventListener("blur", function () { at = -1; hide(); });
  }
  function tips() {
    var tip = document.createElement("div"), on = null;
    tip.className = "tip";
    tip.setAttribute("role", "status");
    tip.hidden = true;
    document.body.appendChild(tip);
    function hide() {
      tip.hidden = true;
      if (on) { on.classList.remove("on"); }
      on = null;
    }
    function show(mark) {
      var title = mark && mark.querySelector("title");
      hide();
      if (!title) { return; }
      on = mark;
      mark.classList.add("on");
      tip.textContent = title.textContent;
      tip.hidden = false;
      var box = mark.getBoundingClientRect(), width = document.documentElement.clientWidth;
      tip.style.left = Math.max(4, Math.min(box.left, width - tip.offsetWidth - 4)) + "px";
      tip.style.top = (box.top > tip.offsetHeight + 8 ? box.top - tip.offsetHeight - 6 : box.bottom + 6) + "px";
    }
    document.addEventListener("pointerover", function (event) {
      show(event.target.closest && event.target.closest("svg .bar, svg .hollow, svg .block"));
    });
    document.addEventListener("focusin", function (event) {
      var block = event.target.querySelector && event.target.querySelector(":scope > .block");
      if (block) { show(block); }
    });
    document.addEventListener("keydown", function (event) { if (event.key === "Escape") { hide(); } });
    document.addEventListener("scroll", hide, true);
    document.querySelectorAll("figure svg[role=img]").forEach(function (svg) { walk(svg, show, hide); });
  }
  tips();
  document.querySelectorAll("table").forEach(prepare);
})();

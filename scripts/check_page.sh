#!/bin/sh
# Checks a report's page in headless Chromium: sorts and filters its first long table, points at a mark, walks
# through a figure by keyboard and follows the model view by script; nothing may be written to the console, and
# nothing may be wider than a phone. Leaves screenshots to look at: wide, narrow and dark.
#   scripts/check_page.sh report.html [FOLDER]     exit 77 when Chromium is not installed
set -eu
page=$(realpath "$1")
folder=${2:-page-check}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    echo "check_page: Chromium is not installed (scripts/setup --page installs it)" >&2
    exit 77
}
mkdir -p "$folder"
folder=$(realpath "$folder")
failed=
say() {
    echo "$1"
    case $1 in *WRONG*) failed=1 ;; esac
}
run() {
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/profile" \
        --allow-file-access-from-files --virtual-time-budget=4000 --enable-logging=stderr "$@"
}
# The title that a page gives itself.
title_of() {
    run --dump-dom "file://$1" 2>"$folder/log" | sed -n 's/.*<title>CHECK \([^<]*\)<.*/\1/p' | head -n 1
}

cat "$page" - >"$folder/check.html" <<'JS'
<script>
(function () {
  var result = [];
  function check(name, right) { result.push(name + (right ? " ok" : " WRONG")); }
  function key(name) { return new KeyboardEvent("keydown", { key: name, bubbles: true }); }
  var table = Array.from(document.querySelectorAll("table")).find(function (t) { return t.tBodies[0].rows.length > 5; })
    || document.querySelector("table");
  var body = table.tBodies[0];
  function rows() { return Array.from(body.rows).map(function (r) { return r.textContent; }).join("|"); }
  var written = rows();
  function column(i) {
    return Array.from(body.rows).map(function (r) {
      var raw = r.cells[i].getAttribute("data-value");
      return raw === null ? r.cells[i].textContent : Number(raw);
    });
  }
  function sorted(a, down) {
    return a.every(function (v, i) { return i === 0 || (down ? a[i - 1] >= v : a[i - 1] <= v); });
  }
  var button = table.tHead.rows[0].cells[1].querySelector("button");
  button.focus();
  check("keyboard reaches headings", document.activeElement === button);
  button.click();
  check("sorted up", sorted(column(1), false));
  button.click();
  check("sorted down", sorted(column(1), true));
  button.click();
  check("as written again", rows() === written);
  var input = table.parentNode.previousElementSibling.previousElementSibling;
  if (input && input.type === "search") {
    var word = body.rows[0].cells[0].textContent;
    input.value = word;
    input.dispatchEvent(new Event("input"));
    var shown = Array.from(body.rows).filter(function (r) { return !r.hidden; });
    check("filtered", shown.length > 0 && shown.every(function (r) { return r.textContent.indexOf(word) >= 0; }));
    input.value = "no such words in any row";
    input.dispatchEvent(new Event("input"));
    check("filtered away", Array.from(body.rows).every(function (r) { return r.hidden; }));
    input.value = "";
    input.dispatchEvent(new Event("input"));
  }
  var tip = document.querySelector(".tip"), mark = document.querySelector("svg .bar > title");
  if (mark) {
    mark.parentNode.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
    check("tip at the pointer", !tip.hidden && tip.textContent === mark.textContent);
    document.dispatchEvent(key("Escape"));
    check("tip gone", tip.hidden);
    var figure = mark.closest("svg");
    figure.focus();
    figure.dispatchEvent(key("ArrowRight"));
    check("tip by keyboard", document.activeElement === figure && !tip.hidden && tip.textContent === mark.textContent);
    figure.dispatchEvent(key("End"));
    check("last mark", !tip.hidden && tip.textContent !== mark.textContent);
  }
  var link = document.querySelector("#model-view a");
  if (link) {
    link.focus();
    var focused = document.activeElement === link && !tip.hidden, info = document.querySelector(link.getAttribute("href"));
    location.hash = link.getAttribute("href");
    check("model view", focused && getComputedStyle(info).display === "block");
  }
  document.title = "CHECK " + result.join(", ");
})();
</script>
JS
say "script: $(title_of "$folder/check.html" | grep . || echo "WRONG, it did not run")"
if grep CONSOLE "$folder/log"; then say "console: WRONG"; else say "console: nothing written"; fi

cat >"$folder/phone.html" <<EOF
<!DOCTYPE html><title>phone</title><body style="margin:0"><iframe id="f" style="border:0;width:390px;height:1600px" src="file://$page"></iframe>
<script>f.onload = function () {
  var wide = f.contentDocument.documentElement.scrollWidth;
  document.title = "CHECK " + (wide <= 390 ? "fits 390 pixels" : "WRONG, " + wide + " pixels wide");
};</script>
EOF
say "phone: $(title_of "$folder/phone.html" | grep . || echo "WRONG, it did not run")"

# A blank page compresses to a few thousand bytes.
shot() {
    name=$1
    shift
    run --screenshot="$folder/$name.png" "$@" 2>/dev/null
    size=$(wc -c <"$folder/$name.png")
    if [ "$size" -gt 20000 ]; then say "screenshot $name: drawn"; else say "screenshot $name: WRONG, $size bytes"; fi
}
shot wide --window-size=1200,3000 "file://$page"
shot narrow --window-size=500,1600 "file://$folder/phone.html"
shot dark --window-size=1200,3000 --blink-settings=preferredColorScheme=0 "file://$page"
rm -rf "$folder/profile" "$folder/check.html" "$folder/phone.html" "$folder/log"
[ -z "$failed" ]

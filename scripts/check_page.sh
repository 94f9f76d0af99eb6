#!/bin/sh
# Opens a report's page in headless Chromium, sorts and filters its first table, points at a mark and follows
# the model view by script, and checks
# what came out; writes screenshots in light and dark, wide and narrow, to look at.
#   scripts/check_page.sh report.html [FOLDER]     exit 77 when Chromium is not installed
set -eu
page=$1
folder=${2:-page-check}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    echo "check_page: Chromium is not installed (Debian: chromium)" >&2
    exit 77
}
mkdir -p "$folder"
run() {
    "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars "$@" 2>/dev/null
}
copy=$folder/check.html
cat "$page" - >"$copy" <<'JS'
<script>
(function () {
  var table = document.querySelector("table"), body = table.tBodies[0], result = [];
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
  button.click();
  result.push(sorted(column(1), false) ? "up ok" : "up WRONG");
  button.click();
  result.push(sorted(column(1), true) ? "down ok" : "down WRONG");
  var input = table.parentNode.previousElementSibling;
  if (input && input.type === "search") {
    var word = body.rows[0].cells[0].textContent;
    input.value = word;
    input.dispatchEvent(new Event("input"));
    var shown = Array.from(body.rows).filter(function (r) { return !r.hidden; });
    result.push(shown.length > 0 && shown.every(function (r) {
      return r.textContent.indexOf(word) >= 0;
    }) ? "filter ok" : "filter WRONG");
  }
  var mark = document.querySelector("svg .bar > title");
  if (mark) {
    mark.parentNode.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
    var tip = document.querySelector(".tip");
    result.push(!tip.hidden && tip.textContent === mark.textContent ? "tip ok" : "tip WRONG");
  }
  var link = document.querySelector("#model-view a");
  if (link) {
    link.focus();
    var focused = document.activeElement === link;
    var info = document.querySelector(link.getAttribute("href"));
    location.hash = link.getAttribute("href");
    result.push(focused && getComputedStyle(info).display === "block" ? "model view ok" : "model view WRONG");
  }
  document.title = "CHECK " + result.join(", ");
})();
</script>
JS
verdict=$(run --dump-dom "file://$(realpath "$copy")" | sed -n 's/.*<title>CHECK \([^<]*\)<.*/\1/p' | head -n 1)
rm -f "$copy"
url=file://$(realpath "$page")
run --window-size=1200,3000 --screenshot="$folder/wide.png" "$url"
run --window-size=400,1600 --screenshot="$folder/narrow.png" "$url"
run --window-size=1200,3000 --blink-settings=preferredColorScheme=0 --screenshot="$folder/dark.png" "$url"
echo "check_page: ${verdict:-the script did not run}"
case $verdict in
*WRONG* | '') exit 1 ;;
esac

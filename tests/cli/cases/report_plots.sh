# Drawings have the same bytes in any time zone, and again from the script beside them.
command -v gnuplot >/dev/null || { echo "no gnuplot" >&2; exit 77; }
localedef -i de_DE -f UTF-8 ./de_DE.UTF-8 # a language with a decimal comma
export LOCPATH="$PWD"
test "$(LC_ALL=de_DE.UTF-8 /usr/bin/printf %.1f 1,5)" = 1,5
records=$SPINEBENCH_SOURCE/tests/golden/reports/mini.jsonl
TZ=UTC0 spinebench report "$records" -o one --plot png,svg,pdf
TZ=Asia/Tokyo LC_ALL=de_DE.UTF-8 spinebench report "$records" -o two --plot png,svg,pdf
diff -r one two
ls one/plots
cd two/plots
rm levels.png
LC_ALL=C.UTF-8 gnuplot levels.gp
test -s levels.png && echo "drawn again"

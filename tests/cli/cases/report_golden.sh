# The reports of stored records, byte for byte, in two languages and time zones: page, text, tables, data and
# scripts of figures; then every format of tables. To write them anew:
#   cd tests/golden/reports && for r in mini diagnosis; do spinebench report $r.jsonl -o $r --no-plots; done
localedef -i de_DE -f UTF-8 ./de_DE.UTF-8 # a language with a decimal comma
export LOCPATH="$PWD"
test "$(LC_ALL=de_DE.UTF-8 /usr/bin/printf %.1f 1,5)" = 1,5
records=$SPINEBENCH_SOURCE/tests/golden/reports
for r in mini diagnosis; do
    LC_ALL=C TZ=UTC0 spinebench report "$records/$r.jsonl" -o one/$r --no-plots
    LC_ALL=de_DE.UTF-8 TZ=Asia/Tokyo spinebench report "$records/$r.jsonl" -o two/$r --no-plots
    diff -r "$records/$r" one/$r
    all=text,markdown,csv,latex,json
    LC_ALL=C TZ=UTC0 spinebench report "$records/$r.jsonl" -o one/$r-all --no-plots --format $all >/dev/null
    LC_ALL=de_DE.UTF-8 TZ=Asia/Tokyo spinebench report "$records/$r.jsonl" -o two/$r-all --no-plots --format $all >/dev/null
    test -s two/$r-all/tables/runs.json
done
diff -r one two

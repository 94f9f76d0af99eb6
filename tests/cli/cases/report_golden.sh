# The report of stored records, byte for byte, in two languages and time zones. To write it anew:
#   cd tests/golden/reports && spinebench report mini.jsonl -o mini --no-plots
localedef -i de_DE -f UTF-8 ./de_DE.UTF-8 # a language with a decimal comma
export LOCPATH="$PWD"
test "$(LC_ALL=de_DE.UTF-8 /usr/bin/printf %.1f 1,5)" = 1,5
records=$SPINEBENCH_SOURCE/tests/golden/reports
LC_ALL=C TZ=UTC0 spinebench report "$records/mini.jsonl" -o one --no-plots
LC_ALL=de_DE.UTF-8 TZ=Asia/Tokyo spinebench report "$records/mini.jsonl" -o two --no-plots
diff -r "$records/mini" one
diff -r one two

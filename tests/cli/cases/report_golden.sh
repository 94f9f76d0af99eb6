# The report of stored records, byte for byte, in two languages and time zones. To write it anew:
#   cd tests/golden/reports && spinebench report mini.jsonl -o mini --no-plots
records=$SPINEBENCH_SOURCE/tests/golden/reports
LC_ALL=C TZ=UTC0 spinebench report "$records/mini.jsonl" -o one --no-plots
LC_ALL=de_DE.UTF-8 TZ=Asia/Tokyo spinebench report "$records/mini.jsonl" -o two --no-plots
diff -r "$records/mini" one
diff -r one two

# -h and --help of every command: exit 0, usage on stdout, nothing on stderr.
commands=$(spinebench --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
test -n "$commands"
for c in $commands; do
    spinebench "$c" -h >short
    spinebench "$c" --help >long
    spinebench help "$c" >word
    cmp short long
    cmp short word
    head -n 1 long | grep -q "^usage: spinebench $c" || echo "$c: the help does not start with its usage"
    awk -v c="$c" 'length($0) > 100 {print c ": help line longer than 100: " $0}' long
done

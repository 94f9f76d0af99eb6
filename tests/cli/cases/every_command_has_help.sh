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
    grep -o '^  [a-z]* [a-z]*  ' long | grep "^  $c " >parts || true
    cp long longer
    while read -r name part; do
        spinebench "$name" "$part" --help >>longer
        spinebench help "$name" "$part" >word
        head -n 1 word | grep -q "^usage: spinebench $name $part" || echo "help $name $part: not of $part"
    done <parts
    awk -v c="$c" 'length($0) > 80 {print c ": help line longer than 80: " $0}' longer
done

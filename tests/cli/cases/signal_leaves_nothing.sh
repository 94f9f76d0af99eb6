# A signal ends the program by its number, and no file under a temporary name stays.
spinebench dataset make -o data --images 100000 -t 1 -q >out 2>err &
pid=$!
while [ "$(ls data/val 2>/dev/null | wc -l)" -lt 3 ]; do sleep 0.02; done
kill -TERM $pid
code=0
{ wait $pid || code=$?; } 2>/dev/null
echo "exit $code"
ls data/val | grep -v '^[0-9]*\.png$' || echo "pictures alone"
[ -e data/annotations/instances_val.json ] || echo "no annotations"

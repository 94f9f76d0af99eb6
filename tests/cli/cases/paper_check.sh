# Every computed cell agrees or has a known reason; one table in full; JSON; an unknown table.
spinebench paper --check | tail -n 1
spinebench paper --table 3
spinebench paper --json | grep -c '"residual": null'
code=0
spinebench paper --table 11 >out || code=$?
echo "exit $code, $(wc -c <out) bytes"

# Rows, columns, order, groups and units of every table, by one set of options; where tables come from.
r=$SPINEBENCH_SOURCE/tests/golden/reports/mini.jsonl
d=$SPINEBENCH_SOURCE/tests/golden/reports/diagnosis.jsonl
echo "by columns that are not shown:"
spinebench report "$r" --columns model,ap --where 'latency>2.5ms' --no-origin
spinebench report "$r" --preset per-node --columns model,part,time --where 'op=conv,level=L2|L3,model!=tiny-b' --sort=-time,part
echo
echo "tables of records:"
spinebench report "$r" "$d" --preset accuracy --columns metric,value,model --where 'model=fir*,value>=65' --sort=-value
spinebench report "$d" --preset categories --columns category,ap,ap50 --where "objects>0" --sort=-ap50 --format csv --no-origin
spinebench report "$d" --preset errors --sort=-delta_ap --where 'count>0' --columns error,delta_ap,count --format csv
spinebench report "$r" --preset runs --columns machine,memory,cpu --units memory=MiB --no-origin
spinebench report "$r" --preset accuracy --columns 'model?,size?,metric,value' --where 'metric=AP*' --no-origin
echo
echo "tables of the paper:"
spinebench report "$r" --preset paper-table-2 --columns model,protocol,flops_paper,AP_paper --where 'AP_paper>45,protocol=B' \
    --sort=-flops_paper --group protocol --units flops_paper=M
spinebench report "$r" --preset paper-table-4 --columns model,latency_paper --where 'resolution=896' --format json
echo
echo "nothing is left:"
spinebench report "$r" --where model=absent --columns model --no-origin
for p in $(spinebench report --list | sed -n '2,/^$/s/^  \([a-z0-9-]*\) .*/\1/p'); do
    first=$(spinebench report "$r" "$d" --preset "$p" --format csv --no-origin | sed 's/,.*//;q')
    spinebench report "$r" "$d" --preset "$p" --columns "$first" --sort="-$first" --group "$first" --where "$first!=-1" \
        --format csv --no-origin | head -n 1 | grep -q "^$first" || echo "$p does not take its own column '$first'"
done

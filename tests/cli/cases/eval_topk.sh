# Three images, two super-categories; one image without a prediction counts as wrong.
printf 'x/Aves/3/a.jpg 3\nx/Aves/4/b.jpg 4\nx/Insecta/7/c.jpg 7\n' >list.txt
printf 'x/Aves/3/a.jpg,3,4\nx/Aves/4/b.jpg,3,4\n' >preds.csv
spinebench eval topk list.txt preds.csv --per-class
spinebench eval topk list.txt preds.csv --json | head -n 5
# A list of other classes than the predictions'.
printf 'x/Aves/3/a.jpg 3\nx/Aves/4/b.jpg 400\nx/Insecta/7/c.jpg 7\n' >other.txt
printf 'x/Aves/3/a.jpg,3,4\nx/Aves/4/b.jpg,3,4\nx/Insecta/7/c.jpg,5\n' >preds.csv
spinebench eval topk other.txt preds.csv | tail -n 1
spinebench eval topk other.txt preds.csv --json | grep above
# Spreadsheets begin CSV with a byte order mark; a file without predictions is no result.
printf '\357\273\277x/Aves/3/a.jpg,3\r\n' >marked.csv
spinebench eval topk list.txt marked.csv | tail -n 1
: >none.csv
spinebench eval topk list.txt none.csv 2>&1 || echo "exit $?"

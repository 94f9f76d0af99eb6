# Three images, two super-categories; one image without a prediction counts as wrong.
printf 'x/Aves/3/a.jpg 3\nx/Aves/4/b.jpg 4\nx/Insecta/7/c.jpg 7\n' >list.txt
printf 'x/Aves/3/a.jpg,3,4\nx/Aves/4/b.jpg,3,4\n' >preds.csv
spinebench eval topk list.txt preds.csv --per-class
spinebench eval topk list.txt preds.csv --json | head -n 5

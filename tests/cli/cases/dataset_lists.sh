# Lists and folders of classes: what is wrong with them, what is in them, and how classify reads them.
spinebench dataset make --set species -o s --split val --images 8 -q >/dev/null
spinebench dataset check s/val.txt --images s
spinebench dataset check s/val.json --images s | tail -n 2
spinebench dataset stats s/val.txt | head -n 5
spinebench dataset stats s/val.json | sed -n '/^id /,$p' | head -n 3
mkdir -p f/n00000001 f/n00000002
cp s/val/Aves/0/*.png f/n00000001 && cp s/val/Aves/1/*.png s/val/Aves/2/*.png f/n00000002
head -c 500 s/val/Aves/3/*.png >f/n00000002/cut.png
printf 'n00000002 one\nn00000001 other\n' >synsets.txt
spinebench dataset check f || echo "exit code $?"
spinebench classify tiny-resnet-species --list f --synsets synsets.txt --skip-broken -q -o p.jsonl >/dev/null
grep -o '"label":[-0-9]*' p.jsonl
spinebench eval topk f p.jsonl --synsets synsets.txt | tail -n 1
printf 'none.jpg n00000001\n' >list.txt
spinebench dataset check list.txt || echo "exit code $?"
spinebench dataset check list.txt --synsets synsets.txt --images f || echo "exit code $?"

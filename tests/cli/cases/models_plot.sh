# The drawing appears complete, as PNG and SVG; other endings are refused.
command -v gnuplot >/dev/null || exit 77
spinebench models spinenet-49 --plot a.png
spinebench models retinanet-resnet-50-fpn --plot a.svg
head -c 4 a.png | tail -c 3
echo
grep -c '<svg' a.svg
code=0
spinebench models spinenet-49 --plot a.gif || code=$?
echo "exit $code"
ls

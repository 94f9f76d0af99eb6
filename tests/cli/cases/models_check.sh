# A user's spec: what is wrong and where, or what it builds.
try() {
    code=0
    spinebench models --check "$1" || code=$?
    echo "exit $code"
}
cat >net.json <<'JSON'
{
  "name": "my-network",
  "base": "spinenet-49",
  "blocks": [
    {"level": 3, "parents": [0, 1]},
    {"level": 4, "parents": [1, 2]},
    {"level": 5, "parents": [2, 3]},
    {"level": 3, "parents": [2, 3], "output": true},
    {"level": 4, "parents": [3, 5], "output": true},
    {"level": 5, "parents": [5, 6], "output": true}
  ]
}
JSON
try net.json
sed 's/"parents": \[3, 5\]/"parents": [3, 9]/' net.json >late.json
try late.json
sed 's/"level": 5, "parents": \[5, 6\]/"level": 8, "parents": [5, 6]/' net.json >level.json
try level.json
sed 's/{"level": 4, "parents": \[3, 5\], "output": true}/{"level": 4, "parents": [3, 5]}/' net.json >gap.json
try gap.json
sed 's/{"level": 5, "parents": \[2, 3\]}/{"level": 6, "parents": [2, 3]}/' net.json >unread.json
try unread.json
echo '{"base": "retinanet-spinenet-49", "backbone": "net.json", "levels": [3, 7]}' >detector.json
try detector.json
echo '{"base": "retinanet-spinenet-49", "backbone": "net.json"}' >detector.json
try detector.json
echo '{"base": "self.json"}' >self.json
try self.json
head -c 60 net.json >cut.json
try cut.json
try absent.json

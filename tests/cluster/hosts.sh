#!/bin/bash
# Follows docs/cluster.md from nothing on four hosts of this machine: network namespaces with addresses of their own.
#
#   sudo env PATH="$PATH" tests/cluster/hosts.sh [FOLDER]      in an environment with requirements.txt and tests/requirements.txt
#
# Head and workers are started by the commands of the systemd units, again and again as systemd would. It takes
# five to ten minutes, prints what it does with the seconds since its start, and takes everything away at its end. Each host has
# processes and a folder for Ray of its own; all other files are shared, as on an NFS.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-$(mktemp -d /tmp/hosts.XXXX)} net=10.214.0 mark=$$
export HOME=$folder/home RAY_TMPDIR=$folder/tmp TASKMIX_HOME=$folder/searches
export RAY_agent_register_timeout_ms=120000  # Ray's start takes long on a busy machine
unset TASKMIX_CACHE RAY_ADDRESS PYTHONPATH
mkdir -p "$HOME" "$TASKMIX_HOME" "$RAY_TMPDIR"

step() { echo; echo "[$SECONDS s] == $*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
on() { local host=$1; shift; nsenter -t "${init[$host]}" -n -m -p --wdns="$PWD" "$@"; }  # run on a host
run() { echo "\$ $*"; on head "$@"; }                                      # the same on the head, and show it
within() {                                                                 # within SECONDS COMMAND ...: until it is so
    local began=$SECONDS until=$((SECONDS + $1)); shift
    until "$@" > /dev/null 2>&1; do [ $SECONDS -lt $until ] || fail "not in time: $*"; sleep 1; done
    echo "   after $((SECONDS - began)) s: $*"
}
kill_all() { on "$1" sh -c 'kill -9 -1' 2> /dev/null || true; }            # all that runs on a host

away() {
    touch "$folder/over"  # for what starts things again
    kill ${background[*]} 2>/dev/null || true
    for host in "${!init[@]}"; do kill -9 "${init[$host]}" 2> /dev/null || true; done  # and with it all that runs there
    sleep 1
    for host in head w1 w2 db switch; do ip netns delete $host-$mark 2> /dev/null || true; done
    kill $postgres 2>/dev/null || true
}
background=() postgres=
declare -A init  # host -> its first process
trap away EXIT

unit() {  # the environment and the command of a unit, for a machine whose environment lies elsewhere
    sed -e ':a;/\\$/N;s/\\\n//;ta' "cluster/manifests/systemd/$1.service" | sed -n \
        -e 's/^Environment=/export /p' \
        -e 's#^ExecStart=/home/taskmix/taskmix/venv/bin/ray#exec python -m ray.scripts.scripts#p' > "$folder/$1.sh"
}
always() {  # always HOST UNIT: as Restart=always
    while [ ! -e "$folder/over" ]; do on "$1" bash "$folder/$2.sh" >> "$folder/$1.log" 2>&1 || true; sleep 5; done
}

python -c "import optuna, ray, torch" || fail "activate an environment with requirements.txt first"
step "Four hosts: head, w1, w2, and db with the database"
ip netns add switch-$mark
ip -n switch-$mark link add name br0 type bridge
ip -n switch-$mark link set dev br0 up
number=0
for host in head w1 w2 db; do
    number=$((number + 1))
    ip netns add $host-$mark
    ip link add name eth0 netns $host-$mark type veth peer name $host netns switch-$mark
    ip -n switch-$mark link set dev $host master br0 up
    ip -n $host-$mark addr add $net.$number/24 dev eth0
    ip -n $host-$mark link set dev eth0 up
    ip -n $host-$mark link set dev lo up
    ip -n $host-$mark route add default via $net.254  # by it Ray finds out its own address
    mkdir "$folder/tmp-$host"
    ip netns exec $host-$mark unshare --mount --pid --fork --mount-proc \
        sh -c "mount --bind $folder/tmp-$host $RAY_TMPDIR; while :; do sleep 1000; done" 2> /dev/null & background+=($!)
    until init[$host]=$(pgrep -P $!); do sleep 0.1; done
    within 10 on $host mountpoint -q "$RAY_TMPDIR"
done

step "What has to be shared: a database, a store, a cache; and a small encoder with its data"
python - "$folder" "$net.4" > "$folder/db.log" 2>&1 << 'PYTHON' &
import signal, sys, time
from pathlib import Path
from tests.chaos.lab import Lab
from tests.support.postgres import Server
signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that the server ends, too
folder, database = Path(sys.argv[1]), sys.argv[2]
with Server() as server:
    lab = Lab.made(folder / "lab", data=True)
    for name, recipes in (("short", 1), ("long", 500)):
        storage = {key: f"postgresql://postgres:secret@{database}/{name}_{key}" for key in ("studies", "mlflow")}
        shared = {"store": str(folder / "store"), "cache": str(folder / "cache")}
        for key in storage:
            server.url(f"{name}_{key}")
        _, file = lab.search(name, {**storage, **shared}, recipes, 2)
        text = file.read_text().replace("name: chaos", f"name: {name}").replace("postgres:secret@", "postgres@")
        (folder / f"{name}.yaml").write_text(text)
    (folder / "socket").write_text(str(server.folder / ".s.PGSQL.5432"))
    time.sleep(100_000)
PYTHON
postgres=$!
within 120 test -e "$folder/socket"
on db python tests/support/relay.py 5432 "$(cat "$folder/socket")" & background+=($!)
export PGPASSWORD=secret

step "The token"
run python -m ray.scripts.scripts get-auth-token --generate > /dev/null
chmod 600 "$HOME/.ray/auth_token"
export RAY_AUTH_MODE=token

step "Head and workers, as their units start them"
unit taskmix-head
unit taskmix-worker
export HEAD=$net.1
always head taskmix-head & background+=($!)
within 120 on head python -c "import socket; socket.create_connection(('127.0.0.1', 8265), 1)"
always w1 taskmix-worker & background+=($!)
always w2 taskmix-worker & background+=($!)
nodes() { [ "$(on head python -m ray.scripts.scripts status --address=$net.1:6379 2>/dev/null | grep -c '^ 1 node_')" -ge "$1" ]; }
within 180 nodes 3

step "doctor looks at every node"
run python -m search doctor "$folder/short.yaml" --address $net.1:6379
RAY_AUTH_MODE=disabled on w1 python -m search doctor "$folder/short.yaml" --address $net.1:6379 > "$folder/refused.log" 2>&1 \
    && fail "no token was asked for"
grep -q "token" "$folder/refused.log" || fail "$(cat "$folder/refused.log")"
echo "   without the token: $(grep -m1 -i token "$folder/refused.log")"

step "submit, to the end of a short search"
address=http://localhost:8265  # what an ssh -L 8265:localhost:8265 brings to your machine
run python -m search submit "$folder/short.yaml" --address $address
run python -m search status "$folder/short.yaml"
run python -m search best "$folder/short.yaml"

step "submit and do not follow; which jobs there are; the same search a second time is refused"
run python -m search submit "$folder/long.yaml" --address $address --detach
done_items() { on head python -m search status "$folder/long.yaml" --format json | python -c "import json, sys; print(json.load(sys.stdin)['work_items']['done'])"; }
items() { [ "$(done_items)" -ge "$1" ]; }
job() { on head python -m search jobs --address $address | grep -o 'taskmix-long-[0-9]*' | sort -V | tail -1; }
within 240 items 2
run python -m search submit "$folder/long.yaml" --address $address --detach && fail "two drivers"
run python -m search jobs --address $address
run python -m search status "$folder/long.yaml"

step "stop, and go on"
run python -m search jobs --address $address --stop "$(job)"
before=$(done_items)
run python -m search submit "$folder/long.yaml" --address $address --detach
within 240 items $((before + 2))

step "A worker is killed: the search goes on, and says so"
named() { on head python -m ray.scripts.scripts job logs --address $address "$(job)" | grep "node .* is gone"; }
kill_all w2
within 120 named
named
within 240 nodes 3
before=$(done_items)
within 120 items $((before + 2))
run python -m search status "$folder/long.yaml"

step "The head is killed: it comes back, so do the workers, and submit goes on"
kill_all head
within 240 nodes 3
before=$(done_items)
run python -m search submit "$folder/long.yaml" --address $address --detach
within 300 items $((before + 2))
run python -m search jobs --address $address --stop "$(job)"
run python -m search status "$folder/long.yaml"

echo
echo "[$SECONDS s] all is as docs/cluster.md says"

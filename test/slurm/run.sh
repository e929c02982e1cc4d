#!/usr/bin/env bash
# Holds `llmrec sweep --launcher slurm` to its promise on a real Slurm: one node, Debian's packages, as root. Run it by `npm run test:slurm`
# after `npm run build`; the ordinary tests need none of this. Where Slurm is missing it is installed (apt-get).
set -euo pipefail
cd "$(dirname "$0")/../.."

for command in munged slurmctld slurmd sbatch; do
  if ! command -v "$command" > /dev/null; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends slurm-wlm munge > /dev/null
    break
  fi
done

work=$(mktemp -d)
export SLURM_CONF="$work/slurm.conf"
host=$(hostname -s)
# The same as the machine has: Slurm refuses a node that claims more.
cat > "$SLURM_CONF" << CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmctldPort=36817
SlurmdPort=36818
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
MinJobAge=3600
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
mkdir -p "$work/state" "$work/spool" "$work/munge"
head -c 1024 /dev/urandom > "$work/munge/key"
chmod 700 "$work/munge"
chmod 600 "$work/munge/key"
chmod 755 "$work"

pids=()
finish() {
  status=$?
  if [ "$status" -ne 0 ]; then tail -n 20 "$work"/*.log "$work"/out/*/logs/* 2> /dev/null || true; fi
  for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null || true; done
  wait || true
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT

munged --foreground --force --socket="$work/munge.socket" --key-file="$work/munge/key" --pid-file="$work/munged.pid" \
  --log-file="$work/munged.log" --seed-file="$work/munged.seed" --num-threads=2 & pids+=($!)
for _ in $(seq 50); do [ -S "$work/munge.socket" ] && break; sleep 0.2; done
slurmctld -D -f "$SLURM_CONF" > "$work/slurmctld.out" 2>&1 & pids+=($!)
slurmd -D -f "$SLURM_CONF" > "$work/slurmd.out" 2>&1 & pids+=($!)
for _ in $(seq 100); do sinfo -h -o %T 2> /dev/null | grep -q idle && break; sleep 0.3; done
sinfo

cp examples/sweep.yaml "$work/sweep.yaml"
sweep() { node bin/run.js sweep "$work/sweep.yaml" --out "$work/$1" --offline "${@:2}"; }

echo "--- the same sweep on this machine"
sweep local > /dev/null

echo "--- submitted; one element is requeued in the middle of its work"
sweep out --launcher slurm --jobs 2 --json > "$work/submitted.json"
array=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).slurm.array' "$work/submitted.json")
for _ in $(seq 200); do squeue -h -j "${array}_1" -o %T 2> /dev/null | grep -q RUNNING && break; sleep 0.1; done
sleep 1
scontrol requeue "${array}_1"
# A requeued job waits two minutes by default for its node to settle; it may begin at once here.
scontrol update JobId="${array}_1" StartTime=now 2> /dev/null || true
for _ in $(seq 900); do [ -z "$(squeue -h)" ] && break; sleep 0.5; done
squeue

echo "--- merged by its own job, and equal to the local sweep"
cmp "$work"/local/*/results.csv "$work"/out/*/results.csv
echo "--- nothing left to submit"
sweep out --launcher slurm --json | grep -q '"finished": 4'
[ -z "$(squeue -h)" ]
echo "3 passed, 0 failed"

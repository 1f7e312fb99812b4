#!/bin/sh
# The floor: plain `ssh`, a cold connection for each script, 50 at once.
# $1 directory with ssh_config, look.sh, apply.sh; $2 file of addresses; $3 look, or apply: a look and then the changes.
# shellcheck disable=SC2016 # what is single-quoted is for the inner shell
set -eu
export BENCH_DIR="$1"
mkdir -p "$1/answers"
case $3 in
look) xargs -P50 -I{} sh -c 'ssh -F "$BENCH_DIR/ssh_config" {} "sh -s" <"$BENCH_DIR/look.sh" >"$BENCH_DIR/answers/{}"' <"$2" ;;
apply) xargs -P50 -I{} sh -c 'for script in look apply; do
    ssh -F "$BENCH_DIR/ssh_config" {} "sh -s" <"$BENCH_DIR/$script.sh" >"$BENCH_DIR/answers/{}" || exit 1
done' <"$2" ;;
esac

# shellcheck shell=sh
# How many jobs wait in a Redis list.

# queue_length PROJECT SERVICE PORT DATABASE KEY SECONDS LIMIT PASSWORD
# Ground: whether more than LIMIT wait, as many, or fewer. Evidence: how many, and how many so many seconds later.
queue_length() {
	queue_reach "$1" "$2" "$3" "$4" "$8"
	queue_said=$(queue_cli -r 2 -i "$6" LLEN "$5" 2>&1) || give_up "redis: $(printf '%s\n' "$queue_said" | head -n 1 | cut -c 1-200)"
	# shellcheck disable=SC2086 # two numbers, a line each
	set -- "$7" "$6" $queue_said
	queue_numbers "$(shift 2; echo "$*")"
	[ $# -eq 4 ] || give_up "redis: $queue_said"
	if [ "$4" -gt "$1" ]; then echo "length above"; elif [ "$4" -eq "$1" ]; then echo "length at"; else echo "length below"; fi
	printf -- '--\nfirst %s\nlast %s\nseconds %s\n' "$3" "$4" "$2"
}

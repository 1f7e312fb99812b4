# shellcheck shell=sh disable=SC2154,SC2034 # they share the variables of runner.sh
# The far end's change: look again, compare, and only then act, one operation after the other.
#
# Its parts came before it, each in a variable: `look` and `then` (a line SECONDS LIMIT FAMILY...,
# then the questions), `ground`, and op0, op1 ... (a line ALWAYS SECONDS MODE FAMILY..., then what
# worker.sh reads; a result's name and bound, and what it is compared with, come between).

# far_change ID RUN FENCE OPERATIONS
far_change() {
	far_why=''
	far_read_lease
	if [ -z "$far_locked" ] || [ "$far_lease_run $far_lease_fence" != "$2 $3" ]; then
		far_frame "fenced ${far_lease_run:--} $far_lease_fence ${far_lease_since:-0} ${far_lease_owner:--}"
	elif far_was_begun "$2" "$1"; then
		far_frame repeated
	elif [ -z "${far_p_look-}" ] || far_same_ground; then
		if far_append "receipts.$2" "start $1"; then
			far_operate "$4"
			far_settle "$@"
		else
			far_frame refused "the receipt cannot be written to $far_state; nothing was done"
		fi
	fi
	unset far_p_look far_p_then far_p_ground
}

# far_was_begun RUN ID
far_was_begun() {
	[ -r "$far_state/receipts.$1" ] || return 1
	while IFS= read -r far_line; do
		[ "$far_line" != "start $2 ." ] || return 0
	done <"$far_state/receipts.$1"
	return 1
}

far_settle() {
	if far_append "receipts.$2" "end $1 $far_failed_rc"; then
		far_frame "acted $far_failed $far_failed_rc"
	else
		far_frame unended
	fi
	[ -z "${far_p_then-}" ] || far_part_looks "$far_p_then"
}

# far_part_looks PART
far_part_looks() {
	far_body=${1#*"$far_nl"}
	# shellcheck disable=SC2086 # words
	far_looks ${1%%"$far_nl"*}
}

# Look again. Says `unseen` or `moved`, with the look's own frames before it, unless it is the planned ground.
far_same_ground() {
	far_seen=$(far_part_looks "$far_p_look")
	far_text=${far_seen#*"$far_nl$far_nonce $far_seq look 0$far_nl"}
	case $far_text in
	*"$far_nl$far_nonce $far_seq rc 0$far_nl"*)
		! far_is_planned || return 0
		set -- moved
		;;
	*) set -- unseen ;;
	esac
	far_print "$far_seen$far_nl"
	far_frame "$1"
	return 1
}

# Whether far_text begins with the planned lines and nothing else: a line `--` or the answer's end follows.
# Only `case` is used on it: cutting a text of many lines in two takes some shells quadratic time.
far_is_planned() {
	case $far_text in
	"$far_p_ground--$far_nl"* | \
		"$far_p_ground--$far_nl$far_nonce $far_seq rc 0$far_nl"* | \
		"$far_p_ground$far_nl$far_nonce $far_seq rc 0$far_nl"*) return 0 ;;
	"$far_p_ground$far_nonce $far_seq rc 0$far_nl"*) ;; # its last line has no newline of its own,
	*) return 1 ;;
	esac
	case $far_p_ground in "$far_nl" | *"$far_nl$far_nl") return 1 ;; esac # so it is not an empty one
}

# far_operate COUNT: sets far_failed, the first that failed or -1, and far_failed_rc.
far_operate() {
	far_at=0 far_failed=-1 far_failed_rc=0 far_results=''
	while [ "$far_at" -lt "$1" ]; do
		eval "far_body=\$far_p_op$far_at; unset far_p_op$far_at"
		far_meta=${far_body%%"$far_nl"*} far_body=${far_body#*"$far_nl"}
		# shellcheck disable=SC2086 # words
		far_operation $far_meta
		far_at=$((far_at + 1))
	done
}

# far_operation ALWAYS SECONDS MODE FAMILY...
far_operation() {
	[ "$far_failed" -lt 0 ] || [ "$1" = always ] || return 0
	far_seconds=$2 far_mode=$3
	shift 3
	far_frame "op $far_at"
	case $far_mode in
	result) far_named_result "$*" ;;
	put) far_work "$far_seconds" call 0 "$*" "$far_results${far_body%"$far_nl"}" ;;
	*) far_work "$far_seconds" call 0 "$*" "$far_results$far_body" ;;
	esac
	far_rc=$?
	far_frame "rc $far_rc"
	[ "$far_rc" -eq 0 ] || [ "$far_failed" -ge 0 ] || far_failed=$far_at far_failed_rc=$far_rc
}

# A call whose first line is kept for later operations, if it is within its bound; 65 if it is not.
far_named_result() {
	far_meta=${far_body%%"$far_nl"*} far_body=${far_body#*"$far_nl"}
	far_of=${far_body%%"$far_nl"*} far_body=${far_body#*"$far_nl"}
	exec 6>&1
	far_value=$(far_work "$far_seconds" result 0 "$1" "$far_results$far_body" 7>&1 >&6 6>&-)
	far_rc=$?
	exec 6>&-
	far_print "$far_value$far_nl"
	[ "$far_rc" -eq 0 ] || return "$far_rc"
	case ${far_meta#* } in
	digits) case $far_value in "" | *[!0-9]*) return 65 ;; esac ;;
	equals) [ "=$far_value" = "$far_of" ] || return 65 ;;
	differs) [ -n "$far_value" ] && [ "=$far_value" != "$far_of" ] || return 65 ;;
	*) return 65 ;;
	esac
	far_results="${far_results}result ${far_meta%% *} $far_value$far_nl"
}

# shellcheck shell=sh disable=SC2154,SC2034 # they share the variables of runner.sh
# The far end's change: look again, compare, and only then act, one operation after the other.
#
# Its parts came before it, each in a variable: `look` (a line SECONDS FAMILY, then the question and the
# planned ground as worker.sh reads them), op0, op1 ... (a line ALWAYS SECONDS MODE FAMILY..., then what
# worker.sh reads; a result's name and bound, and what it is compared with, come between), and `then`
# (a line SECONDS LIMIT FAMILY..., then questions). The first operation's worker also looks again,
# compares and writes the beginning of the receipt: fewer processes for each change.

# far_change ID RUN FENCE OPERATIONS
far_change() {
	far_read_lease
	if [ -z "$far_locked" ] || [ "$far_lease_run $far_lease_fence" != "$2 $3" ]; then
		far_frame "fenced ${far_lease_run:--} $far_lease_fence ${far_lease_since:-0} ${far_lease_owner:--}"
	elif far_was_begun "$2" "$1"; then
		far_frame repeated
	elif far_operate "$@"; then
		if far_append "receipts.$2" "end $1 $far_failed_rc"; then
			far_frame "acted $far_failed $far_failed_rc"
		else
			far_frame unended
		fi
		[ -z "${far_p_then-}" ] || far_part_looks "$far_p_then"
	fi
	unset far_p_look far_p_then
}

# far_was_begun RUN ID
far_was_begun() {
	[ -r "$far_state/receipts.$1" ] || return 1
	while IFS= read -r far_line; do
		[ "$far_line" != "start $2 ." ] || return 0
	done <"$far_state/receipts.$1"
	return 1
}

# far_part_looks PART
far_part_looks() {
	far_body=${1#*"$far_nl"}
	# shellcheck disable=SC2086 # words
	far_looks ${1%%"$far_nl"*}
}

# far_operate ID RUN FENCE COUNT: sets far_failed, the first that failed or -1, and far_failed_rc.
# Ends badly when nothing was begun; why not has been said then.
far_operate() {
	far_at=0 far_failed=-1 far_failed_rc=0 far_results='' far_look_s=0 far_look_family=''
	far_first="receipt $far_state/receipts.$2${far_nl}start $1$far_nl"
	if [ -n "${far_p_look-}" ]; then
		far_meta=${far_p_look%%"$far_nl"*}
		far_look_s=${far_meta% *} far_look_family=${far_meta#* }
		far_first=$far_first${far_p_look#*"$far_nl"}
	fi
	far_first=${far_first}begin$far_nl
	[ "$4" -gt 0 ] || far_p_op0="- 1 none$far_nl"
	while :; do
		eval "far_body=\${far_p_op$far_at-}; unset far_p_op$far_at"
		[ -n "$far_body" ] || far_end # fewer came than were told of
		far_meta=${far_body%%"$far_nl"*} far_body=${far_body#*"$far_nl"}
		# shellcheck disable=SC2086 # words
		far_operation $far_meta
		if [ -n "$far_first" ]; then
			[ "$far_rc" -eq 0 ] || far_was_begun "$2" "$1" || far_not_begun || return 1
			far_first='' far_look_s=0 far_look_family=''
		fi
		far_at=$((far_at + 1))
		[ "$far_at" -lt "$4" ] || return 0
	done
}

# Say so, unless the worker has said why it did not begin (118).
far_not_begun() {
	[ "$far_rc" -eq 118 ] || {
		far_frame "group $far_rc"
		far_frame unseen
	}
	return 1
}

# far_operation ALWAYS SECONDS MODE FAMILY...
far_operation() {
	[ "$far_failed" -lt 0 ] || [ "$1" = always ] || return 0
	far_seconds=$(($2 + far_look_s)) far_mode=$3
	shift 3
	far_frame "op $far_at"
	case $far_mode in
	result) far_named_result "$far_look_family $*" ;;
	put) far_work "$far_seconds" call 1179648 "$far_look_family $*" "$far_first$far_results${far_body%"$far_nl"}" ;;
	*) far_work "$far_seconds" call 1179648 "$far_look_family $*" "$far_first$far_results$far_body" ;;
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
	far_value=$(far_work "$far_seconds" result 1179648 "$1" "$far_first$far_results$far_body" 7>&1 >&6 6>&-)
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

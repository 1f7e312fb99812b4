# shellcheck shell=sh disable=SC2154 # what runner.sh exports
# One group of the far end: answers a batch of looks, or carries out one operation, and ends.
#
# Started in a process group of its own as `sh -c 'eval "$remedy_worker"' sh MODE`, the shipped
# functions in its environment, its request on standard input. The first line of that is
# NONCE SEQ NOW LIMIT FAMILY...; then, a line each, what is asked:
#   result NAME VALUE    a result of an earlier call
#   =TEXT  +TEXT         an argument; a further line of it
#   @SECONDS             an argument: that long ago, by this host's clock
#   &NAME                an argument: the result of that name
#   go FUNCTION          call it with the arguments so far; in a call, items are all that follows
#   foresee FUNCTION     it says, with the arguments so far, which files looks are going to ask about
#   foreseen             ask about all of them at once
# and, before the first operation of a change:
#   receipt FILE, start ID   where its beginning is recorded, and as what
#   within SECONDS           end everything here if that look takes longer
#   again FUNCTION       the look that it was planned on, with the arguments so far
#   |TEXT                a line of the planned ground
#   same                 go on only if that is what the look says now
#   begin                record the beginning, or do nothing

set -u
remedy_nl='
'
remedy_error_lines=1000

# Print text as it is, by a builtin: an external printf would show it in the list of processes.
remedy_print() { printf %s "$1"; }
# shellcheck disable=SC3028 # unset where it is not ksh
case ${KSH_VERSION-} in
*MIRBSD* | *LEGACY*) remedy_print() { print -rn -- "$1"; } ;;
esac

# Define the functions of the families that are asked, then leave no trace of them in the environment.
remedy_define() {
	for remedy_family in common $1; do eval "eval \"\$remedy_f_$remedy_family\""; done
	for remedy_family in $remedy_families; do unset "remedy_f_$remedy_family"; done
	unset remedy_worker remedy_families
}

# Read what is asked; at each `go`, call `remedy_do` with the function and its arguments.
remedy_read() {
	remedy_has='' remedy_some='' remedy_planned=''
	while IFS= read -r remedy_line; do
		case $remedy_line in
		+*)
			remedy_value=$remedy_value$remedy_nl${remedy_line#?}
			continue
			;;
		esac
		[ -z "$remedy_has" ] || set -- "$@" "$remedy_value"
		remedy_has=
		case $remedy_line in
		=*) remedy_has=1 remedy_value=${remedy_line#?} ;;
		@*) remedy_has=1 remedy_value=$((now - ${remedy_line#?})) ;;
		"&"*)
			remedy_has=1
			eval "remedy_value=\$remedy_r_${remedy_line#?}"
			;;
		"result "*)
			remedy_line=${remedy_line#result }
			eval "remedy_r_${remedy_line%% *}=\${remedy_line#* }"
			;;
		"go "*)
			"$remedy_do" "${remedy_line#go }" "$@"
			set --
			;;
		"foresee "*)
			"${remedy_line#foresee }" "$@" </dev/null >/dev/null 2>&1
			set --
			;;
		foreseen) foresee_all ;;
		"|"*)
			remedy_some=$remedy_some${remedy_line#?}$remedy_nl
			[ "${#remedy_some}" -lt 8192 ] || remedy_planned=$remedy_planned$remedy_some remedy_some=''
			;;
		"again "*)
			remedy_again "${remedy_line#again }" "$@"
			set --
			;;
		"within "*) remedy_limit_time "${remedy_line#within }" ;;
		same) remedy_same ;;
		"receipt "*) remedy_receipt=${remedy_line#receipt } ;;
		"start "*) remedy_start=$remedy_line ;;
		begin) remedy_begin ;;
		esac
	done
}

# remedy_pump SIZE COUNT REST: pass on what comes, at once: first COUNT reads of at most SIZE bytes, by
# dd, which keeps nothing back (head does, and a deadline would lose it); then at most REST bytes more.
# 1: there was still more. Where nobody listens any more, drain it: an operation that was begun is
# not cut off because the controller is gone.
remedy_pump() {
	trap '' PIPE
	exec 6>&1
	if remedy_text=$(dd bs="$1" count="$2" 2>&1 >&6 6>&-); then
		remedy_text=${remedy_text%%" records in"*} # 5+3: whole reads and partial ones, perhaps after a warning
		remedy_text=${remedy_text##*"$remedy_nl"}
		[ "$((${remedy_text%+*} + ${remedy_text#*+}))" -ge "$2" ] || return 0
		head -c "$3" || cat >/dev/null
		[ "$(head -c 1 | wc -c)" -eq 0 ] # not by read: a line may be all of what is left
	else
		cat >/dev/null
	fi
}

# ---------------------------------------------------------------- looks

remedy_look() {
	remedy_print "$remedy_nl$remedy_nonce $remedy_seq look $remedy_at$remedy_nl"
	remedy_print "look-$remedy_nonce $remedy_at$remedy_nl" >&2
	(
		unset remedy_nonce remedy_seq
		"$@"
	) </dev/null
	remedy_print "$remedy_nl$remedy_nonce $remedy_seq rc $?$remedy_nl"
	remedy_at=$((remedy_at + 1))
}

# Keep the first lines of what came on standard error, and print them in one frame at its end.
remedy_errors() {
	remedy_text='' remedy_at=0
	while IFS= read -r remedy_line || [ -n "$remedy_line" ]; do
		remedy_at=$((remedy_at + 1))
		[ "$remedy_at" -le "$remedy_error_lines" ] || {
			cat >/dev/null
			break
		}
		remedy_text=$remedy_text$remedy_line$remedy_nl
	done
	remedy_print "$remedy_nl$remedy_nonce $remedy_seq errors$remedy_nl$remedy_text"
}

remedy_looks() {
	remedy_do=remedy_look remedy_at=0
	{ remedy_read 2>&1 >&3 3>&- | remedy_errors >&3 3>&-; } 3>&1 |
		remedy_pump 4096 256 "$remedy_limit"
}

# ---------------------------------------------------------------- the beginning of a change

# The runner's deadline is that of the look and the operation together. It sleeps and is ended as the runner's own does.
remedy_limit_time() {
	(
		remedy_at=${!-} remedy_over=''
		trap 'remedy_over=1; [ "${!-}" = "$remedy_at" ] || kill -KILL "$!"' TERM
		sleep "$1" &
		[ -z "$remedy_over" ] || kill -KILL "$!"
		while kill -0 "$!"; do wait "$!"; done
		trap '' TERM
		[ -z "$remedy_over" ] || exit 1
		kill -KILL 0
	) </dev/null >/dev/null 2>&1 7>&- &
	remedy_timer=$!
}

# What it says on standard error is wanted only where it fails: then it is asked again, with two processes more.
remedy_again() {
	remedy_at=0
	remedy_seen=$(remedy_look "$@" 2>/dev/null | head -c "$remedy_limit")
	case $remedy_seen in
	*"$remedy_nl$remedy_nonce $remedy_seq rc 0") remedy_seen=$remedy_seen$remedy_nl ;; # a substitution drops it
	*) remedy_seen=$({ remedy_look "$@" 2>&1 >&3 3>&- | remedy_errors >&3 3>&-; } 3>&1 | head -c "$remedy_limit") ;;
	esac
}

# Go on if the look says what was planned on; else say what it says, and end. 118: it has been said.
remedy_same() {
	[ -z "${remedy_timer-}" ] || {
		kill "$remedy_timer"
		wait "$remedy_timer"
	}
	remedy_planned=$remedy_planned$remedy_some
	remedy_text=${remedy_seen#*"$remedy_nl$remedy_nonce $remedy_seq look 0$remedy_nl"}
	remedy_line="$remedy_nonce $remedy_seq rc 0$remedy_nl"
	case $remedy_text in
	*"$remedy_nl$remedy_line"*)
		! remedy_is_planned || return 0
		set -- moved
		;;
	*) set -- unseen ;;
	esac
	remedy_print "$remedy_seen$remedy_nl$remedy_nl$remedy_nonce $remedy_seq $1$remedy_nl"
	exit 118
}

# Whether remedy_text begins with the planned lines and nothing else: a line `--` or the answer's end follows.
# Only `case` is used on it: cutting a text of many lines in two takes some shells quadratic time.
remedy_is_planned() {
	case $remedy_text in
	"$remedy_planned--$remedy_nl"* | "$remedy_planned--$remedy_nl$remedy_line"*) return 0 ;;
	"$remedy_planned$remedy_nl$remedy_line"*) return 0 ;;
	"$remedy_planned$remedy_line"*) ;; # its last line has no newline of its own,
	*) return 1 ;;
	esac
	case $remedy_planned in "$remedy_nl" | *"$remedy_nl$remedy_nl") return 1 ;; esac # so it is not an empty one
}

remedy_begin() {
	! remedy_print "$remedy_nl$remedy_start .$remedy_nl" >>"$remedy_receipt" || return 0
	remedy_print "$remedy_nl$remedy_nonce $remedy_seq refused$remedy_nl"
	remedy_print "the receipt cannot be written to $remedy_receipt; nothing was done$remedy_nl"
	exit 118
}

# ---------------------------------------------------------------- operations

# An operation that prints more than a gibibyte, and whatever dd passed on in pieces before, has gone
# astray: end its whole group.
remedy_cap() { remedy_pump 65536 8192 1073741824 || kill -KILL 0; }

# Only the first line, and drain the rest.
remedy_first() {
	IFS= read -r remedy_line
	remedy_print "$remedy_line"
	cat >/dev/null
}

remedy_call() {
	exec 4>&1
	remedy_rc=$(
		{
			{
				(
					unset remedy_nonce remedy_seq
					"$@"
				) 2>&1 3>&- 4>&-
				echo "$?" >&3
			} | remedy_cap >&4 3>&- 4>&-
		} 3>&1
	)
	remedy_end "$remedy_rc"
}

# 124 and 137 are what the runner knows a deadline by.
remedy_end() {
	case $1 in
	124 | 137)
		remedy_print "it ended with $1$remedy_nl"
		exit 125
		;;
	esac
	exit "$1"
}

# A call whose first line of standard output goes to descriptor 7; its standard error is the output.
remedy_result() {
	exec 4>&1
	remedy_rc=$(
		{
			{
				{
					(
						unset remedy_nonce remedy_seq
						"$@"
					) 2>&5 3>&- 4>&- 5>&- 7>&-
					echo "$?" >&3
				} | remedy_first >&7 3>&- 4>&- 5>&- 7>&-
			} 5>&1 | remedy_cap >&4 3>&- 4>&- 7>&-
		} 3>&1
	)
	remedy_end "$remedy_rc"
}

# remedy_await EXPECT EVERY FUNCTION ARG...: until a look is answered and its first line is EXPECT.
# The deadline is this group's own.
remedy_await() {
	remedy_expect=$1 remedy_every=$2
	shift 2
	while :; do
		remedy_text=$(
			{
				("$@") </dev/null 2>/dev/null
				echo "$remedy_nl$?"
			} | head -c 1048576
		)
		[ "${remedy_text##*"$remedy_nl"}" != 0 ] ||
			[ "${remedy_text%%"$remedy_nl"*}" != "$remedy_expect" ] || return 0
		sleep "$remedy_every"
	done
}

# ---------------------------------------------------------------- the beginning

read -r remedy_nonce remedy_seq now remedy_limit remedy_wanted || exit 125
remedy_define "$remedy_wanted"
case $1 in
looks) remedy_looks ;;
call | result)
	remedy_do=remedy_$1
	remedy_read
	exit 0
	;;
esac

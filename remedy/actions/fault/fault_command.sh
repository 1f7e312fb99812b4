# shellcheck shell=sh
# A program that breaks something on purpose, or mends it. Read after command.sh, which runs it.

# fault_command_run CWD ANSWER COUNT WORD...
#   The first COUNT words are a program that only reads and says whether it is broken; the others are run unless it says ANSWER.
fault_command_run() {
	fault_cwd=$1 fault_answer=$2 fault_count=$3
	shift 3
	cd -P -- "$fault_cwd" 2>/dev/null || give_up "there is no directory $fault_cwd; nothing was done"
	fault_said=$(fault_command_ask "$fault_count" "$@") || give_up "whether it is broken cannot be told; nothing was done"
	case $fault_said in "guard $fault_answer"*) return 0 ;; esac
	shift "$fault_count"
	command_run "$fault_cwd" "$@"
}

# fault_command_ask COUNT WORD...: what the program of the first COUNT words says.
fault_command_ask() {
	fault_count=$1 fault_all=$(($# - 1)) fault_at=0
	shift
	for fault_word; do
		fault_at=$((fault_at + 1))
		[ "$fault_at" -gt "$fault_count" ] || set -- "$@" "$fault_word"
	done
	shift "$fault_all"
	command_ask "$@"
}

# fault_command_look CWD PROGRAM unless WORD...: which program breaks it, and what the words say.
fault_command_look() { command_look "$@"; }

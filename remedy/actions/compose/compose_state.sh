# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in the files before this one
# Services of Docker Compose that are ended, and started again as they are; no Compose program is needed.

# compose_state_look PROJECT WHICH SERVICE...
#   WHICH is `running` for the containers that could be ended, `ended` for those that could be started.
# Ground: whether each service is there, after which of the others it comes, and those containers: what they are doing in a word that
# does not move by itself, identity, seconds that ending may take, and the volumes they write to.
# Evidence: every container, who depends on them and runs, and on what they depend that does not.
compose_state_look() {
	compose_which=$2
	compose_survey "$1"
	shift 2
	printf '%s\n' "$compose_seen" | awk -v which="$compose_which" -v services="$*" '
	function reach(s,   parts, n, i) {
		n = split(needs[s], parts, ",")
		for (i = 1; i <= n; i++) if (parts[i] ~ /[A-Za-z0-9]/ && !(parts[i] in reached)) { reached[parts[i]]; reach(parts[i]) }
	}
	function line(word, list,   i, said) {
		for (i = 1; i <= known_count; i++) if (known[i] in list) said = said " " known[i]
		print word said
	}
	BEGIN { count = split(services, names, " "); for (i = 1; i <= count; i++) wanted[names[i]] }
	NF {
		if (!($1 in there)) { there[$1]; known[++known_count] = $1; needs[$1] = $7 }
		runs = ($4 == "up" || $4 == "starting" || $4 == "unhealthy" || $4 == "looping")
		if (runs) active[$1]
		if ($4 != "up") ill[$1] = ill[$1] " " $1 "/" $2 "=" $4
		if (!($1 in wanted)) next
		said[++rows] = "container:" $1 "/" $2 " " $4 " " $3
		if ((which == "running") == (runs || $4 == "paused"))
			items[++item_count] = $1 "/" $2 "\t" (runs ? "runs" : $4) " " $3 " " $9 " " $8
	}
	END {
		for (i = 1; i <= count; i++) {
			split("", reached); reach(names[i]); after = ""
			for (j = 1; j <= count; j++) if (j != i && names[j] in reached) after = after " " names[j]
			for (s in reached) if (!(s in wanted) && s in ill) lacking = lacking ill[s]
			print "service:" names[i] " " (names[i] in there ? "present" : "missing") after
		}
		for (i = 1; i <= item_count; i++) print "item " items[i]
		print "--"
		for (i = 1; i <= rows; i++) print said[i]
		for (i = 1; i <= known_count; i++) {
			if (known[i] in wanted || !(known[i] in active)) continue
			split("", reached); reach(known[i])
			for (j = 1; j <= count; j++) if (names[j] in reached) { dependants[known[i]]; break }
		}
		line("known", there); line("dependants", dependants)
		print "needs" lacking
	}'
}

# compose_stop ID NAME LEAVES: end that very container, as its own image and file say; what it runs is told first and killed at last.
#   LEAVES is `none`, or `one`: then it is left alone where no other container of its service is up.
compose_stop() {
	compose_state_of "$1"
	case $compose_state in
	gone | exited | created | dead) return 0 ;;
	paused | removing) give_up "$2 is $compose_state by now; nothing was done" ;;
	esac
	[ "$3" = none ] || compose_other_up "$1" "$2" || give_up "$2 is the last one that is up; nothing was done"
	docker stop "$1" >&2 || give_up "docker could not end $2"
}

# compose_start ID NAME: start that very container, where it does not run.
compose_start() {
	compose_state_of "$1"
	case $compose_state in
	gone) give_up "container $1 is gone; nothing was done" ;;
	paused | removing) give_up "$2 is $compose_state by now; nothing was done" ;;
	exited | created | dead) docker start "$1" >&2 || give_up "docker could not start $2" ;;
	esac
}

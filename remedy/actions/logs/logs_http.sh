# shellcheck shell=sh
# shellcheck disable=SC2154 # log_* are set in log_source.sh
# Access logs: how many requests were answered with an error, and which; a share of the requests, never a rate.

# http_errors_look KIND A B SINCE LINES STATUSES LEAST LIMIT
#   STATUSES is 4, 5 or 45: the first digits that count; LIMIT is hundredths of a percent, "" for none; LEAST requests are needed to tell.
# Ground: how the share stands to LIMIT. Evidence: numbers, and the worst ten pairs of status and path, without queries and identities.
http_errors_look() {
	log_ready "$1" "$2" "$3"
	log_offset
	# shellcheck disable=SC2154 # now is the session's
	log_lines "$1" "$2" "$3" "$4" "$5" | awk -v since="$4" -v most="$5" -v digits="$6" -v least="$7" -v limit="$8" \
		-v local_s="$log_offset_s" -v now="$now" "$log_awk"'
	function place(path,   out, part) { # without the query, and without what tells one thing from another
		sub(/[?#].*/, "", path)
		path = substr(path, 1, 300); out = ""
		gsub(/[\001-\040\177]/, "", path)
		while (match(path, /[^\/]+/)) {
			part = substr(path, RSTART, RLENGTH)
			if (part ~ /^[0-9]+$/ || part ~ /@/ || (length(part) >= 16 && part ~ /[0-9]/)) part = "*"
			out = out substr(path, 1, RSTART - 1) part
			path = substr(path, RSTART + RLENGTH)
		}
		return substr(out path, 1, 100)
	}
	/^\001/ { if ($0 ~ /^\001failed /) failed = substr($0, 9); next }
	{
		lines++
		n = split($0, quoted, "\"")
		split(quoted[3], cell, " ")
		status = cell[1]
		if (n < 3 || status !~ /^[1-5][0-9][0-9]$/) { other++; next }
		at = index(quoted[1], "[") ? stamp(substr(quoted[1], index(quoted[1], "["))) : stamp($0)
		if (at >= 0 && at < since) next
		requests++
		class[substr(status, 1, 1)]++
		if (at >= 0 && (first < 1 || at < first)) first = at
		if (at > latest) latest = at
		if (!index(digits, substr(status, 1, 1))) next
		errors++
		split(quoted[2], word, " ")
		key = status " " (word[2] == "" ? "-" : place(word[2]))
		if (!(key in table) && pairs >= 2000) key = status " others"
		if (!(key in table)) pairs++
		table[key]++
	}
	END {
		if (failed != "") { print failed > "/dev/stderr"; exit 1 }
		if (lines > 0 && lines == other) { print "no line is one of an access log (combined or common)" > "/dev/stderr"; exit 1 }
		print "errors " (limit == "" ? "any" : requests + 0 < least + 0 ? "few" : errors * 10000 > limit * requests ? "above" : "within")
		print "--"
		printf "requests %d\nerrors %d\ncomplete %s\nother_lines %d\n", requests, errors, lines < most ? "yes" : "no", other
		for (i = 1; i <= 5; i++) printf "class:%d %d\n", i, class[i]
		if (first > 0) printf "first %d\nlast %d\n", first, latest
		for (i = 1; i <= 10; i++) {
			worst = ""
			for (key in table) if (worst == "" || table[key] > table[worst] || (table[key] == table[worst] && key < worst)) worst = key
			if (worst == "") break
			printf "pair:%d %d %s\n", i, table[worst], worst
			delete table[worst]
		}
	}' || give_up "nothing could be read"
}

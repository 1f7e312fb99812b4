# shellcheck shell=sh
# shellcheck disable=SC2154 # log_* are set in log_source.sh
# Lines of logs that hold fixed words, counted in one pass; no regular expression comes from outside.

# scan_look KIND A B SINCE LINES LIMIT NEEDLES
#   NEEDLES is a line each: NAME<TAB>word or text<TAB>NEEDLE in lower case; LIMIT "" means none.
# Ground: how the number of lines that match stands to LIMIT. Evidence: counts by name, when first and last, three samples.
scan_look() {
	log_ready "$1" "$2" "$3"
	log_offset
	scan_needles=$7
	export scan_needles
	# shellcheck disable=SC2154 # now is the session's
	log_lines "$1" "$2" "$3" "$4" "$5" | awk -v since="$4" -v most="$5" -v limit="$6" -v local_s="$log_offset_s" -v now="$now" "$log_awk"'
	function holds(low, n,   rest, from, at) {
		if (kind[n] == "text") return index(low, needle[n])
		rest = low; from = 0
		while ((at = index(rest, needle[n])) > 0) { # a word may begin within another (ValueError), and end in none (errors)
			rest = substr(rest, at + length(needle[n]))
			if (rest !~ /^[a-z]/) return 1
		}
		return 0
	}
	BEGIN {
		count = split(ENVIRON["scan_needles"], row, "\n")
		for (i = 1; i <= count; i++) {
			split(row[i], cell, "\t")
			name[i] = cell[1]; kind[i] = cell[2]; needle[i] = substr(row[i], length(cell[1]) + length(cell[2]) + 3)
		}
		last_at = -1; first = -1; latest = -1
	}
	/^\001/ { last_at = -1; if ($0 ~ /^\001failed /) failed = substr($0, 9); next }
	{
		at = stamp($0)
		if (at >= 0) last_at = at; else at = last_at
		if (at >= 0 && at < since) next
		lines++
		low = tolower(substr($0, 1, 4000)); found = 0
		for (i = 1; i <= count; i++) if (!((name[i], NR) in seen_at) && holds(low, i)) { by[name[i]]++; found = 1; seen_at[name[i], NR] = 1 }
		for (i = 1; i <= count; i++) delete seen_at[name[i], NR]
		if (!found) next
		total++
		if (at >= 0 && (first < 0 || at < first)) first = at
		if (at > latest) latest = at
		sample[total % 3] = $0
	}
	END {
		if (failed != "") { print failed > "/dev/stderr"; exit 1 }
		print "matches " (limit == "" ? "any" : total + 0 > limit + 0 ? "above" : "within")
		print "--"
		printf "total %d\nlines %d\ncomplete %s\n", total, lines, lines < most ? "yes" : "no"
		for (i = 1; i <= count; i++) if (!(name[i] in told)) { printf "by:%s %d\n", name[i], by[name[i]]; told[name[i]] = 1 }
		if (first >= 0) printf "first %d\nlast %d\n", first, latest
		for (i = total > 3 ? total - 2 : 1; i <= total; i++) printf "sample:%d %s\n", i, mask(sample[i % 3])
	}' || give_up "nothing could be read"
}

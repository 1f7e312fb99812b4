# shellcheck shell=sh
# Looks at filesystems: how much is free, and what fills them.

# disk_free PATH KIND LIMIT: is less than LIMIT free on the filesystem of PATH?
#   KIND  bytes | parts | inodes | inode-parts; parts are hundredths of a percent
# Free is what df calls it: of what is not reserved for root, what is available to others.
disk_free() {
	need_large_numbers
	need stat
	cd -P -- "$1" 2>/dev/null || give_up "there is no directory $1"
	disk_counts=$(stat -f -c '%a %b %f %S %c %d' .) || give_up "the filesystem of $1 gives no numbers"
	# shellcheck disable=SC2086 # six numbers
	set -- "$1" "$2" "$3" $disk_counts
	[ $# -eq 9 ] || give_up "the filesystem of $1 gives no numbers"
	disk_usable=$(($5 - $6 + $4)) # used + available
	case $2 in
	bytes) disk_have=$(($4 * $7)) disk_want=$3 ;;
	parts) disk_have=$(($4 * 10000)) disk_want=$(($3 * disk_usable)) ;;
	inodes) disk_have=$9 disk_want=$3 ;;
	inode-parts) disk_have=$(($9 * 10000)) disk_want=$(($3 * $8)) ;;
	esac
	case $2:$8 in
	inode*:0) give_up "the filesystem of $1 counts no inodes" ;;
	esac
	if [ "$disk_have" -lt "$disk_want" ]; then echo "free below"; else echo "free at-least"; fi
	echo "--"
	echo "free_bytes $(($4 * $7))"
	echo "usable_bytes $((disk_usable * $7))"
	echo "size_bytes $(($5 * $7))"
	echo "free_inodes $9"
	echo "inodes $8"
}

# disk_top PATH DEPTH COUNT SECONDS: the largest directories and files on the filesystem of PATH.
# Evidence only. Bounded: one filesystem, DEPTH levels, COUNT lines each, SECONDS in all, low priority.
disk_top() {
	need_large_numbers
	need du find stat sort head timeout
	cd -P -- "$1" 2>/dev/null || give_up "there is no directory $1"
	echo "--"
	{
		disk_calm timeout "$4" du -x -k -d "$2" . 2>/dev/null || echo "cut"
	} | sort -rn | {
		disk_left=$3
		while IFS="	" read -r disk_kib disk_name; do
			case $disk_kib in
			cut) echo "cut yes" ;;
			"" | *[!0-9]*) ;;
			*)
				[ "$disk_left" -gt 0 ] || continue
				disk_left=$((disk_left - 1))
				printf 'dir %s\t' "$((disk_kib * 1024))"
				escape "$disk_name"
				;;
			esac
		done
	}
	disk_calm timeout "$4" find . -xdev -type f -size +20480 -exec stat -c '%s %n//' {} + 2>/dev/null |
		disk_records | sort -rn | head -n "$3" | while read -r disk_size disk_name; do
		printf 'file %s\t%s\n' "$disk_size" "$disk_name"
	done
	disk_deleted "$3"
}

# Records SIZE NAME// in, lines SIZE NAME out, escaped: a name never holds `//`, so that ends a record.
disk_records() {
	while IFS= read -r disk_line; do
		while case $disk_line in *//) false ;; *) true ;; esac do
			IFS= read -r disk_more || break
			disk_line="$disk_line
$disk_more"
		done
		escape "${disk_line%//}"
	done
}

# Files that are deleted but still open: their space is free only when the process lets go.
disk_deleted() {
	disk_dev=$(stat -c %d .) || return 0
	find -L /proc/[0-9]*/fd -maxdepth 1 -type f -links 0 -exec stat -L -c '%d:%i %b %B %n' {} + 2>/dev/null |
		sort -u | while read -r disk_id disk_blocks disk_block disk_fd; do
		[ "${disk_id%:*}" = "$disk_dev" ] && [ "$disk_blocks" -gt 0 ] || continue
		printf 'deleted %s\t%s\n' "$((disk_blocks * disk_block))" "${disk_fd#/proc/}"
	done | sort -k 2rn | head -n "$1"
}

# Run something at the lowest priority that the host offers.
disk_calm() {
	if command -v nice >/dev/null 2>&1; then nice -n 19 "$@"; else "$@"; fi
}

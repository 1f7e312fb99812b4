# shellcheck shell=sh
# Users and groups of the host, by number.

# account_number -u|-g NAME TABLE: the number of a user or group; "" stays "".
account_number() {
	case $2 in
	*[!0-9]*) ;;
	*)
		echo "$2"
		return
		;;
	esac
	account_found=$(account_listed "$2" "$3") || lacks "there is no $([ "$1" = -u ] && echo user || echo group) $2"
	echo "$account_found"
}

account_listed() {
	if command -v getent >/dev/null 2>&1; then
		account_line=$(getent "$2" "$1") || return 1
		account_line=${account_line#*:*:}
		echo "${account_line%%:*}"
		return
	fi
	while IFS=: read -r account_line _ account_id _; do
		if [ "$account_line" = "$1" ]; then
			echo "$account_id"
			return
		fi
	done <"/etc/$2"
	return 1
}

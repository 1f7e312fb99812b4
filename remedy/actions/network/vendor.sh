# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in http.sh
# Whether a vendor's service answers us: it is there, it takes our key, we have not asked too often, and it is not slow.

# vendor_look URL STATUS SECONDS MOST CA JSON QUOTA LEAST [KIND PIECE]...
#   MOST: milliseconds that an answer may take, "" for SECONDS alone; JSON: lines PATH=VALUE; QUOTA: the header that tells how many requests
#   are left, "" for none, and LEAST: how many must be.
# Ground: how it stands, in a word: ok, silent, key, often, ill, other, slow, spent, unlike. Evidence: what it answered.
vendor_look() {
	vendor_url=$1 vendor_right=$2 vendor_limit_s=$3 vendor_most=$4 vendor_ca=$5 vendor_wants=$6 vendor_quota=$7 vendor_least=$8
	shift 8
	[ -r /proc/uptime ] || lacks "/proc is not mounted"
	read -r vendor_begun _ </proc/uptime
	http_page "$vendor_url" "$vendor_limit_s" "$vendor_ca" '' '' '' '' '' '' "$@"
	read -r vendor_ended _ </proc/uptime
	vendor_left=''
	[ -z "$vendor_quota" ] || vendor_left=$(printf '%s\n' "$http_reply" | tr -d '\r' | awk -v name="$vendor_quota" '
		tolower($1) == tolower(name) ":" && $2 ~ /^[0-9]+$/ { print $2; exit }')
	http_json=''
	vendor_took=$(awk -v a="$vendor_begun" -v b="$vendor_ended" 'BEGIN { printf "%.0f\n", (b - a) * 1000 }')
	vendor_stands
	printf 'vendor %s\n--\nstatus %s\nmilliseconds %s\nleft %s\nby %s\n' \
		"$vendor_is" "${http_status:-none}" "$vendor_took" "${vendor_left:-unknown}" "$http_tool"
	[ -z "$http_json" ] || printf '%s\n' "$http_json"
	[ -n "$http_status" ] || { printf 'error ' && escape "$(printf '%s' "$http_reply" | tail -n 1)"; }
}

# Set vendor_is to how it stands.
vendor_stands() {
	vendor_is=ok
	case " $vendor_right " in
	*" $http_status "*) ;;
	*)
		case $http_status in
		"") vendor_is=silent ;;
		401 | 403) vendor_is=key ;;
		429) vendor_is=often ;;
		5??) vendor_is=ill ;;
		*) vendor_is=other ;;
		esac
		return
		;;
	esac
	if [ -n "$vendor_wants" ] && ! http_json_holds "$vendor_wants"; then
		vendor_is=unlike
	elif [ -n "$vendor_most" ] && [ "$vendor_took" -gt "$vendor_most" ]; then
		vendor_is=slow
	elif [ -n "$vendor_left" ] && [ "$vendor_left" -lt "$vendor_least" ]; then
		vendor_is=spent
	fi
}

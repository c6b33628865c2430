#!/bin/sh
# Hands the connections of a workload to the Envoy beside it, in this network namespace, by one table of nftables: for
# proxies whose bootstrap was made with --interception redirect. Everything is undone with the table.
set -eu

usage() {
  cat <<'TEXT'
Usage: redirect.sh up|down|status [OPTION...] [RANGE...]

  up      hand what comes in to Envoy's port 15006, and what goes out to virtual IPs to its port 15001
  down    undo it
  status  print the rules

  --proxy-user UID         Envoy runs as this user, and nothing else does: all that others send goes to port 15001
  --proxy-mark NUMBER      what Envoy sends has this mark (its bootstrap was made with --mark NUMBER): all else goes to port 15001
  --exclude-inbound PORT   goes past Envoy; may be repeated
  --exclude-outbound WHAT  a port or a CIDR; may be repeated; only with one of these

RANGE is a CIDR of virtual IPs, as the MeshConfig has them. Without any: 240.241.0.0/16 and 2001:2:1::/48, the defaults.
Services whose callers dial them at addresses of their own (spec.addresses, headless services) are intercepted with
--proxy-user or --proxy-mark only. It needs nft and CAP_NET_ADMIN; Envoy needs no right at all, but for the mark CAP_NET_ADMIN too.
TEXT
}

fail() {
  echo "redirect.sh: $1" >&2
  exit 64
}

need_number() {
  case $2 in '' | *[!0-9]*) fail "$1 needs a number, not \"$2\"" ;; esac
}

# add LIST ITEM: an element of a set.
add() {
  if [ -z "$1" ]; then echo "$2"; else echo "$1, $2"; fi
}

table='inet isthmus_redirect'
action=${1:-}
[ $# -gt 0 ] && shift
case $action in
  up) ;;
  down) nft delete table $table 2>/dev/null || true; exit 0 ;;
  status) nft list table $table 2>/dev/null || echo 'nothing is redirected'; exit 0 ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 64 ;;
esac

proxy='' past_in='' past_ports='' past4='' past6='' ranges4='' ranges6=''
while [ $# -gt 0 ]; do
  case $1 in
    --proxy-user) need_number "$1" "${2:-}"; proxy="skuid $2"; shift 2 ;;
    --proxy-mark) need_number "$1" "${2:-}"; proxy="mark $2"; shift 2 ;;
    --exclude-inbound) need_number "$1" "${2:-}"; past_in=$(add "$past_in" "$2"); shift 2 ;;
    --exclude-outbound)
      case ${2:-} in
        *:*/*) past6=$(add "$past6" "$2") ;;
        */*) past4=$(add "$past4" "$2") ;;
        *) need_number "$1" "${2:-}"; past_ports=$(add "$past_ports" "$2") ;;
      esac
      shift 2
      ;;
    *:*/*) ranges6=$(add "$ranges6" "$1"); shift ;;
    */*) ranges4=$(add "$ranges4" "$1"); shift ;;
    *) fail "\"$1\" is no range such as 240.241.0.0/16" ;;
  esac
done
if [ -z "$proxy" ] && [ -n "$past_ports$past4$past6" ]; then fail '--exclude-outbound needs --proxy-user or --proxy-mark'; fi
if [ -z "$ranges4$ranges6" ]; then ranges4=240.241.0.0/16 ranges6=2001:2:1::/48; fi

outbound() {
  if [ -n "$proxy" ]; then
    echo "meta $proxy return"
    echo 'fib daddr type local return'
    [ -z "$past_ports" ] || echo "tcp dport { $past_ports } return"
    [ -z "$past4" ] || echo "ip daddr { $past4 } return"
    [ -z "$past6" ] || echo "ip6 daddr { $past6 } return"
    echo 'meta l4proto tcp redirect to :15001'
  else
    [ -z "$ranges4" ] || echo "ip daddr { $ranges4 } meta l4proto tcp redirect to :15001"
    [ -z "$ranges6" ] || echo "ip6 daddr { $ranges6 } meta l4proto tcp redirect to :15001"
  fi
}

# A workload that calls its own service: Envoy sends it to an address of this machine, where it has to come in like others.
# What it took in already, and passes on as it was, comes from 127.0.0.6 or ::6.
itself() {
  echo 'oifname lo ip daddr != 127.0.0.0/8 ip saddr != 127.0.0.6 fib daddr type local tcp dport != { 15001, 15006 } redirect to :15006'
  echo 'oifname lo ip6 daddr != ::1 ip6 saddr != ::6 fib daddr type local tcp dport != { 15001, 15006 } redirect to :15006'
}

# What is for others is none of ours: whoever sends it here wants to call with the identity of this workload.
inbound() {
  echo 'iifname lo return'
  [ -z "$past_in" ] || echo "tcp dport { $past_in } return"
  echo 'fib daddr type local meta l4proto tcp redirect to :15006'
}

nft -f - <<RULES
table $table
delete table $table
table $table {
  chain outbound {
    type nat hook output priority -100;
    meta l4proto != tcp return
    ip daddr 127.0.0.0/8 return
    ip6 daddr ::1 return
$( [ -z "$past_in" ] || echo "    oifname lo tcp dport { $past_in } return" )
$(itself)
$(outbound)
  }
  chain inbound {
    type nat hook prerouting priority -100;
    meta l4proto != tcp return
$(inbound)
  }
}
RULES

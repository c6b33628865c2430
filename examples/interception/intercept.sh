#!/bin/sh
# Makes ranges of virtual IPs local in this network namespace, so that metaproxy can stand on every one of them and see by
# the local address of a connection which service was called. No NAT, no packet marks, nothing to undo but one route.
set -eu

usage() {
  cat <<'TEXT'
Usage: intercept.sh up|down|status [RANGE...]

  up      make the ranges local: callers in this network namespace reach metaproxy at virtual IPs
  down    undo it
  status  say which ranges are local

RANGE is a CIDR of virtual IPs, as the MeshConfig has them. Without any: 240.241.0.0/16 and 2001:2:1::/48, the defaults.
It needs the right to change routes (CAP_NET_ADMIN), and for IPv6 to set net.ipv6.ip_nonlocal_bind, without which Linux
lets nobody listen there: where that cannot be set, IPv6 is left alone. metaproxy itself needs no right for ports from 1024.
TEXT
}

family() {
  case $1 in *:*) echo 6 ;; *) echo 4 ;; esac
}

# What is wider would take more than virtual IPs away from the network.
check() {
  length=${1#*/}
  case $1 in */*) ;; *) echo "intercept.sh: \"$1\" is no range such as 240.241.0.0/16" >&2; exit 64 ;; esac
  case $length in '' | *[!0-9]*) echo "intercept.sh: \"$1\" has no prefix length" >&2; exit 64 ;; esac
  least=8
  [ "$(family "$1")" = 6 ] && least=32
  if [ "$length" -lt "$least" ]; then
    echo "intercept.sh: $1 is wider than /$least: that is more than virtual IPs" >&2
    exit 64
  fi
}

has_family() {
  [ "$1" = 4 ] || [ -e /proc/net/if_inet6 ]
}

# A route makes an IPv6 address local for who connects, not for who listens.
can_listen() {
  [ "$1" = 4 ] && return 0
  setting=/proc/sys/net/ipv6/ip_nonlocal_bind
  [ "$(cat "$setting" 2>/dev/null)" = 1 ] || (echo 1 > "$setting") 2>/dev/null
}

is_local() {
  [ -n "$(ip "-$(family "$1")" route show table local type local dev lo exact "$1" 2>/dev/null)" ]
}

action=${1:-}
[ $# -gt 0 ] && shift
case $action in
  up | down | status) ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 64 ;;
esac
[ $# -gt 0 ] || set -- 240.241.0.0/16 2001:2:1::/48

for range in "$@"; do check "$range"; done
for range in "$@"; do
  family=$(family "$range")
  if ! has_family "$family"; then
    echo "$range: there is no IPv$family here"
    continue
  fi
  case $action in
    up)
      if can_listen "$family"; then
        ip "-$family" route replace local "$range" dev lo
        echo "$range is local"
      else
        echo "$range is left alone: net.ipv6.ip_nonlocal_bind is 0 and cannot be set here" >&2
      fi
      ;;
    down)
      if is_local "$range"; then ip "-$family" route del local "$range" dev lo; fi
      echo "$range is not local"
      ;;
    status)
      if is_local "$range"; then echo "$range is local"; else echo "$range is not local"; fi
      ;;
  esac
done

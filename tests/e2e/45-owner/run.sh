#!/usr/bin/env bash
# paraph-owner: an owner at his own list and nowhere else, through sudo, an ssh forced command, and with every trick at
# both; paraph --as. Its files are fixed (/etc/paraph), so the test has an /etc and a /dev of its own, which takes root.
if [ -z "${PARAPH_OWN_MOUNTS:-}" ]; then
  [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || { echo "skipped: needs root and mount namespaces" >&2; exit 77; }
  PARAPH_OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
fi
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

# --- a machine of our own: logins, a syslog, programs where everybody can run them -------------------------------------
trap 'jobs -p | xargs -r kill 2>/dev/null || true; cd /; umount -lR /dev 2>/dev/null; umount -l "$work"/dev/{null,zero,random,urandom,tty} 2>/dev/null || true; rm -rf "$work"' EXIT
chmod 755 "$work"
cp -a /etc "$work/etc"
mkdir -p "$work/etc/paraph" "$work/dev" "$work/bin" "$work/share/paraph"
cp "$PARAPH_BIN"/paraph{,-owner,-incoming} bin/
cp -R "$PARAPH_SOURCE/scenarios" "$PARAPH_SOURCE/templates" share/paraph/
chown -R 0:0 bin share
chmod -R a+rX bin share
export PATH="$work/bin:$PATH"
for user in paraphtest:61000 olga:61001 eve:61002 nobodyknows:61003; do
  echo "${user%:*}:x:${user#*:}:${user#*:}:TEST:/nonexistent:/bin/sh" >>etc/passwd
  echo "${user%:*}:x:${user#*:}:" >>etc/group
  echo "${user%:*}:*:19000:0:99999:7:::" >>etc/shadow
done
mount --bind "$work/etc" /etc
for node in null zero random urandom tty; do : >"dev/$node"; mount --bind "/dev/$node" "dev/$node"; done
mkdir dev/shm && ln -s /proc/self/fd dev/fd
mount --rbind "$work/dev" /dev
python3 - "$work" <<'PY' &
import os, socket, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log"); os.chmod("/dev/log", 0o666)
log.settimeout(300)
with open(sys.argv[1] + "/syslog", "ab", 0) as out:
    while True: out.write(log.recv(65536).rstrip(b"\0\n") + b"\n")
PY
while [ ! -S /dev/log ]; do sleep 0.05; done
# logged REGEX: the last line that holds it
logged() { grep -E -- "$1" syslog >/dev/null || { tail -5 syslog >&2; fail "not logged: $1"; }; ok; }

make_ca
make_site --user paraphtest
unset PARAPH_CONFIG
ln -s "$work/site/paraph.conf" /etc/paraph/paraph.conf
map=/etc/paraph/owners
printf '# login address\nolga\tOlga@Example.org\neve  eve@example.org\n' >$map
chmod 644 $map; chmod 755 /etc/paraph
for list in hers theirs; do paraph list create $list --owner "${list/hers/olga}@example.org" --type private >/dev/null 2>&1; done
logged 'begins verb="list create" list=hers by=root as=listmaster'

clean() { setpriv --reuid=61000 --regid=61000 --clear-groups env -i PATH="$PATH" "$@"; }
# sudo's environment, as an owner's `sudo -u paraphtest paraph-owner …` has it
as() { local login=$1; shift; clean SUDO_UID="$(id -u "$login")" SUDO_GID=1 SUDO_USER="$login" "${extra[@]}" paraph-owner "$@"; }
extra=()
# ssh ADDRESS COMMAND: sshd's, as a forced command has it
forced() { clean SSH_ORIGINAL_COMMAND="$2" paraph-owner --for "$1"; }
members() { ledger "select user_subscriber from subscriber_table where list_subscriber='$1' order by 1" | paste -sd' '; }
is() { [ "$2" = "$3" ] || fail "$1: '$2', wanted '$3'"; ok; }

# --- his own list ------------------------------------------------------------------------------------------------------
check "an owner adds a member" as olga member add hers ann@example.org >/dev/null
printf 'bob@example.org Bob\n' | check "from stdin" as olga member import hers - >/dev/null
is "they are members" "$(members hers)" "ann@example.org bob@example.org"
logged 'paraph-owner.*begins verb="member add" list=hers by=olga as=olga@example.org'
logged 'paraph-owner.*ended verb="member add" list=hers by=olga as=olga@example.org result="exit 0" arguments=ann@example.org'
check "and lists them" as olga member list hers@lists.example.org --json >out
grep -q '"ann@example.org"' out || fail "$(cat out)"; ok
check "removes one" as olga member del hers bob@example.org >/dev/null
is "one is left" "$(members hers)" ann@example.org
check "makes an editor" as olga editor add hers ed@example.org >/dev/null
check "and ends his office" as olga editor del hers ed@example.org Eve@example.org >out
is "of whom it was" "$(paste -sd, out)" "removed ed@example.org,unchanged eve@example.org"
is "no editor is left" "$(as olga editor list hers)" ""
paraph owner add hers second@example.org >/dev/null
check "an owner less, to be" paraph owner del hers second@example.org --dry-run >/dev/null
is "nothing was changed" "$(paraph owner list hers | grep -c .)" 2
refuse "somebody must be left" 64 paraph owner del hers second@example.org olga@example.org
is "and both are" "$(paraph owner list hers | grep -c .)" 2
check "an owner less" paraph owner del hers second@example.org >/dev/null
is "one is left" "$(paraph owner list hers | grep -c .)" 1
as olga help >out; grep -q 'member add' out || fail "help: $(cat out)"; ok
! grep -qE 'list create|status|cert import|spool' out || fail "help of verbs that are refused: $(cat out)"; ok

# --- nothing else ------------------------------------------------------------------------------------------------------
# Every verb that is not an owner's, and every owner's verb on another list, real or not.
paraph help | grep -E '^[ *] [a-z]' | sed '/concerns one list/d; s/   .*//' >verbs
[ "$(wc -l <verbs)" -gt 40 ] || fail "hardly a verb: $(cat verbs)"; ok
while read -r line; do
  if [ "${line:0:1}" = '*' ]; then
    verb=$(sed 's/^[*] //; s/ LIST.*//; s/ FILE|ID.*/ - --list/' <<<"$line")
    case $line in *'FILE|ID'*) more= ;; *ADDRESS*) more=eve@example.org ;; *' ID'*) more=a2yfn4cnip ;; *) more= ;; esac
    for list in theirs absent 'theirs@lists.example.org' '../hers' ''; do
      # shellcheck disable=SC2086
      refuse "$verb on '$list'" 77 as olga $verb "$list" $more </dev/null
      sed "s|^paraph-owner: error: $list:|LIST:|" refused.err >"said.$verb.${list//[^a-z]/_}"
    done
    cmp "said.$verb.theirs" "said.$verb.absent" || fail "$verb tells which lists there are"; ok
  else
    # shellcheck disable=SC2086
    refuse "$line" 77 as olga ${line%% [A-Z[]*} hers </dev/null
  fi
done < <(sed 's/^  *//' verbs)
is "nobody came or went" "$(members hers) $(members theirs)" "ann@example.org "
logged 'refused verb="member add" list=theirs by=olga as=olga@example.org'
refuse "a stranger to all lists" 77 as eve member list hers
refuse "no such verb" 77 as olga rm -rf /
refuse "--config" 77 as olga --config "$work/site/paraph.conf" member list hers
refuse "--config=" 77 as olga member list hers --config="$work/site/paraph.conf"
refuse "-c" 77 as olga member list hers -c "$work/site/paraph.conf"
refuse "--as" 77 as olga member list theirs --as theirs@example.org
refuse "--for, behind the verb" 77 as olga member list theirs --for theirs@example.org
refuse "--for, through sudo" 77 as olga --for theirs@example.org member list theirs
refuse "--as, through sudo" 77 as olga --as=theirs@example.org member list theirs
refuse "a file" 77 as olga member import hers /etc/passwd
grep -q 'opens no files' refused.err || fail "$(cat refused.err)"; ok
refuse "a file to explain" 77 as olga message explain /etc/passwd --list hers
refuse "a file to explain, named like an id" 66 as olga message explain passwd --list hers
printf 'Message-ID: <x@example.org>\nFrom: eve@example.org\n\nHello.\n' >asked.eml
check "a message on stdin" as olga message explain - --list hers <asked.eml >out
grep -q '^REJECTED: eve@example.org to hers@lists.example.org: eve@example.org is no subscriber' out || fail "explain: $(cat out)"; ok
grep -q 'next  *paraph-owner member add hers eve@example.org' out || fail "names no owner's command: $(cat out)"; ok
refuse "and another list" 77 as olga message explain - --list theirs <asked.eml
refuse "an option of no verb" 64 as olga member list hers --nonsense

# --- the environment says nothing ----------------------------------------------------------------------------------------
mkdir evil && cp -R "$work/share/paraph/." evil/ && echo 'true() smtp,md5,smime -> do_it' >evil/scenarios/del.auth
extra=(PARAPH_CONFIG="$work/none.conf" PARAPH_DEFAULT_DIR="$work/evil" SSH_ORIGINAL_COMMAND='member list theirs')
check "PARAPH_CONFIG, PARAPH_DEFAULT_DIR, SSH_ORIGINAL_COMMAND" as olga member list hers >out
is "is his list" "$(cut -d' ' -f1 out)" ann@example.org
extra=()
refuse "SUDO_UID of nobody" 77 clean SUDO_USER=olga paraph-owner member list hers
refuse "SUDO_UID that is no number" 77 clean SUDO_UID=0x SUDO_USER=root paraph-owner --for olga@example.org member list hers
refuse "neither sudo nor ssh" 77 clean paraph-owner member list hers
check "root may be anybody" clean SUDO_UID=0 SUDO_USER=root paraph-owner --for olga@example.org member list hers >/dev/null

# --- the map -----------------------------------------------------------------------------------------------------------
refuse "a login without an address" 77 as nobodyknows member list hers
for mode in 666 664 646; do
  chmod $mode $map; refuse "a map of mode $mode" 77 as olga member list hers
done
chmod 644 $map; chown 61000 $map; refuse "a map of the service user" 77 as olga member list hers
chown 0 $map; chmod 777 /etc/paraph; refuse "a directory that all can write" 77 as olga member list hers
chmod 755 /etc/paraph; mv $map $map.real; ln -s $map.real $map; refuse "a link" 77 as olga member list hers
rm $map; refuse "no map" 77 as olga member list hers
printf 'olga olga@example.org\nolga eve@example.org\n' >$map; refuse "a login twice" 78 as olga member list hers
grep -q "$map:2:" refused.err || fail "$(cat refused.err)"; ok
paraph check --config site/paraph.conf --json >out || true
grep -q '"login_map"' out || fail "check says nothing of the map: $(cat out)"; ok
mv $map.real $map
paraph check --config site/paraph.conf --json >out || true
! grep -q '"login_map"' out || fail "check: $(cat out)"; ok
check "a good one again" as olga member list hers >/dev/null

# --- an ssh forced command -------------------------------------------------------------------------------------------------
check "verb and list" forced olga@example.org 'member add hers carl@example.org' >/dev/null
check "odd characters in quotes" forced olga@example.org "member add hers 'o\$d&d@example.org'" >/dev/null
is "a shell saw none of it" "$(members hers)" 'ann@example.org carl@example.org o$d&d@example.org'
logged 'begins verb="member add" list=hers by=ssh as=olga@example.org'
for hostile in 'member list hers; touch FLAG' 'member list hers && touch FLAG' 'member list $(touch FLAG)' \
  'member list `touch FLAG`' $'member list hers\ntouch FLAG' $'member list hers\rx' 'member list hers | tee FLAG' \
  'member list hers > FLAG' 'member import hers < FLAG' 'member list "$(touch FLAG)"' "member list 'hers" 'member list h*' \
  "--for theirs@example.org member list theirs" "--as=theirs@example.org member list theirs" \
  "member list theirs" "member list hers --config $work/site/paraph.conf" "status" "member import hers $work/pki/ca.pem"; do
  refuse "ssh: $hostile" 77 forced olga@example.org "${hostile//FLAG/$work/site/flag}"
done
[ ! -e site/flag ] || fail "a shell ran"; ok
logged "refused by=paraphtest result=.*is for shells"
refuse "ssh without a command" 64 clean paraph-owner --for olga@example.org
check "a forced verb" clean SSH_ORIGINAL_COMMAND='member add hers eve@example.org' paraph-owner --for olga@example.org member list hers >out
grep -q ann out || fail "$(cat out)"; ok
case " $(members hers) " in *" eve@"*) fail "the client chose the verb" ;; esac; ok

# --- scenarios apply, with md5 ----------------------------------------------------------------------------------------------
scenario() { printf '%s\n' "$2" >"site/list_data/hers/scenari/$1"; chown -R 61000:61000 site/list_data/hers/scenari; }
scenario add.auth "match([email],/@example\.net\$/) md5 -> reject(reason='add_owner')
is_owner([listname],[sender]) md5 -> do_it
true() smtp,smime -> do_it
true() md5 -> reject"
refuse "one of two is refused" 77 as olga member add hers dora@example.org eve@example.net
grep -q "refused eve@example.net: .*add_owner" refused.err || fail "$(cat refused.err)"; ok
case " $(members hers) " in *" dora@example.org "*) ok ;; *) fail "the other was not added" ;; esac
case " $(members hers) " in *example.net*) fail "the scenario was not obeyed" ;; esac; ok
scenario add.auth 'true() md5 -> reject
true() smtp,smime -> do_it'
refuse "reject" 77 as olga member add hers fred@example.org
scenario add.auth 'true() smtp,md5,smime -> request_auth'
refuse "request_auth" 77 as olga member add hers fred@example.org
scenario review.private 'true() md5 -> reject'
refuse "review" 77 as olga member list hers
rm site/list_data/hers/scenari/review.private
scenario add.auth 'is_nobody() md5 -> reject'
refuse "does not parse" 78 as olga member add hers fred@example.org
grep -q 'add.auth:1' refused.err || fail "$(cat refused.err)"; ok
rm site/list_data/hers/scenari/add.auth

# --- paraph --as -------------------------------------------------------------------------------------------------------------
check "an owner" paraph member add hers gina@example.org --as Olga@example.org >/dev/null
logged 'begins verb="member add" list=hers by=root as=olga@example.org'
refuse "no owner" 77 paraph member add hers fred@example.org --as eve@example.org
grep -q "add.auth:.*reject(reason='add_owner')" refused.err || fail "$(cat refused.err)"; ok
check "a member sees members" paraph --as gina@example.org member list hers >/dev/null
refuse "a stranger does not" 77 paraph member list hers --as eve@example.org
refuse "not everybody makes owners" 77 paraph owner add hers eve@example.org --as eve@example.org
refuse "no listmaster" 77 paraph status --as eve@example.org
check "a listmaster is asked no scenario" env SUDO_USER=carol paraph member add hers hans@example.org >/dev/null
logged 'begins verb="member add" list=hers by=carol as=listmaster'
refuse "--as is an address" 64 paraph member list hers --as eve

# --- sudo itself -----------------------------------------------------------------------------------------------------------
if command -v sudo >/dev/null; then
  printf 'Defaults env_keep += "PARAPH_CONFIG"\nolga,eve,nobodyknows ALL=(paraphtest) NOPASSWD: %s\n' "$work/bin/paraph-owner" >/etc/sudoers
  chmod 440 /etc/sudoers
  with_sudo() { local login=$1; shift; setpriv --reuid="$login" --regid="$login" --init-groups env PARAPH_CONFIG=/none SUDO_UID=0 SUDO_USER=root sudo -n -u paraphtest "$work/bin/paraph-owner" "$@"; }
  check "sudo: her list" with_sudo olga member add hers ines@example.org >/dev/null
  case " $(members hers) " in *" ines@example.org "*) ok ;; *) fail "sudo: not added" ;; esac
  refuse "sudo: another's list" 77 with_sudo eve member list hers
  refuse "sudo: --for" 77 with_sudo eve --for olga@example.org member list hers
  refuse "sudo: no address" 77 with_sudo nobodyknows member list hers
  logged 'begins verb="member add" list=hers by=olga as=olga@example.org'
else
  echo "sudo is not there: only its environment was tried" >&2
fi
finished

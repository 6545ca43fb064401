#!/usr/bin/env bash
# packet_lifetime: mail that is too old gets one more try. With the MTA down it has failed, with the MTA up (a clock that
# jumped ahead) it goes out. And key_transport: RSA members get OAEP where the list says so.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_person bob ec
make_site
make_list secure alice@example.org
check "members" paraph member add secure alice@example.org bob@example.org
check "certificates" paraph cert import pki/alice.pem pki/bob.pem
[ "$(ledger 'select count(*) from paraph_recipient')" = 2 ] || fail "import stored no records"; ok
works=$(grep '^transport' site/paraph.conf)
set_transport() { sed -i "s|^transport.*|$1|" site/paraph.conf; }
outcomes() { ledger "select outcome, count(*) from paraph_copy group by outcome order by 1" | tr '\n' ' '; }

# --- young mail waits for the MTA ----------------------------------------------------------------------------------
set_transport "transport lmtp+unix:$work/nobody-listens"
make_post one alice secure
paraph-queue secure@lists.example.org <post/one.eml || fail "queue"
run_daemons || true
[ "$(ls site/spool/bulk/pct | grep -vc done)" = 1 ] || fail "the packet is gone"; ok
[ -z "$(outcomes)" ] || fail "young mail has outcomes: $(outcomes)"; ok

# --- old mail gets its last try, and the MTA takes it --------------------------------------------------------------
echo "packet_lifetime 0" >>site/paraph.conf
set_transport "$works"
sleep 1.1
run_daemons
[ "$(outcomes)" = "sealed|2 " ] || fail "the MTA would have taken it: $(outcomes)"; ok
for who in alice bob; do check "$who opens the copy" opens "$(mail_for $who)" "$who" post/one.txt; done
! openssl cms -cmsout -print -noout -in "$(mail_for alice)" | grep -qi oaep || fail "OAEP by default"; ok

# --- old mail whose MTA is down has failed -------------------------------------------------------------------------
set_transport "transport lmtp+unix:$work/nobody-listens"
make_post two alice secure
paraph-queue secure@lists.example.org <post/two.eml || fail "queue"
paraph-incoming --once 2>>incoming.log
sleep 1.1
paraph-distribute --once 2>>distribute.log || true
[ "$(outcomes)" = "failed|2 sealed|2 " ] || fail "old mail without an MTA: $(outcomes)"; ok
ledger "select reply from paraph_copy where outcome = 'failed'" | grep -qv '^expired: ' && fail "no word of its age"; ok
[ "$(paraph spool list --list secure)" = "nothing waits" ] || fail "$(paraph spool list)"; ok
[ "$(ledger "select kind from paraph_alarm")" = expired ] || fail "the listmaster does not hear of it"; ok

# --- what was held for longer than its lifetime begins anew with the release ----------------------------------------
sed -i 's/^packet_lifetime .*/packet_lifetime 5/' site/paraph.conf
make_post held alice secure
paraph-queue secure@lists.example.org <post/held.eml || fail "queue"
paraph-incoming --once 2>>incoming.log
held=$(basename "$(grep -l "^X-Paraph-Kind: post" site/spool/bulk/msg/*)")
check "hold" paraph spool hold "$held"
sed -i "s/^X-Paraph-Received: .*/X-Paraph-Received: $(date -u -d '9 days ago' +%Y-%m-%dT%H:%M:%SZ)/" "site/spool/bulk/hold/$held"
touch -d '9 days ago' "site/spool/bulk/hold/$held"
check "release" paraph spool release "$held"
paraph-distribute --once 2>>distribute.log || true
[ "$(outcomes)" = "failed|2 sealed|2 " ] || fail "released mail has failed: $(outcomes)"; ok
touch -d '9 days ago' "site/spool/bulk/msg/$held"  # and as it would be without the release
check "retry" paraph spool retry "$held"
paraph-distribute --once 2>>distribute.log || true
[ "$(outcomes)" = "failed|4 sealed|2 " ] || fail "old mail goes on: $(outcomes)"; ok

# --- a certificate replaced between two posts; OAEP ----------------------------------------------------------------
set_transport "$works"
empty_mailboxes
printf '\nkey_transport oaep\n' >>site/list_data/secure/config
cp pki/bob.key pki/former.key && cp pki/bob.pem pki/former.pem
make_person bob rsa "" 20260101000000Z
check "bob's new certificate" paraph cert import pki/bob.pem
rm -f "site/X509-user-certs/bob@example.org@enc"
make_post three alice secure
paraph-queue secure@lists.example.org <post/three.eml || fail "queue"
run_daemons
for who in alice bob; do
  check "$who opens the copy" opens "$(mail_for $who)" "$who" post/three.txt
  openssl cms -cmsout -print -noout -in "$(mail_for $who)" | grep -qi oaep || fail "$who's copy is not OAEP"; ok
done

# --- a member's own trouble that does not pass, past the lifetime: he has failed, and the listmaster hears of it, too ---
sed -i 's/^packet_lifetime .*/packet_lifetime 0/' site/paraph.conf
alarms=$(ledger 'select count(*) from paraph_alarm')
empty_mailboxes
paraph member add secure eve@example.org >/dev/null
mkdir -p site/etc/mail_tt2
printf '[%% IF %%] broken [%% END\n' >site/etc/mail_tt2/x509-user-cert-missing.tt2
make_post broken alice secure
paraph-queue secure@lists.example.org <post/broken.eml || fail "queue"
paraph-incoming --once 2>>incoming.log
sleep 1.1
paraph-distribute --once 2>>distribute.log || true
[ "$(ledger "select reply like 'expired: %' from paraph_copy where member = 'eve@example.org'")" = 1 ] || fail "eve: $(ledger "select * from paraph_copy")"; ok
[ "$(ledger 'select count(*) from paraph_alarm')" -gt "$alarms" ] || fail "nobody hears of eve: $(ledger 'select * from paraph_alarm')"; ok
ledger "select reason from paraph_alarm where kind = 'expired'" | grep -q 'eve@example.org: .*x509-user-cert-missing.tt2' || fail "$(ledger 'select * from paraph_alarm')"; ok
[ "$(count_for alice)$(count_for bob)" = 11 ] || fail "the others"; ok
rm -r site/etc/mail_tt2
paraph member del secure eve@example.org >/dev/null

# --- the list's key is gone, past the lifetime: no copy was tried, so the packet waits, and status says for what ------
make_post keyless alice secure
paraph-queue secure@lists.example.org <post/keyless.eml || fail "queue"
paraph-incoming --once 2>>incoming.log
sleep 1.1
before=$(outcomes)
mv site/list_data/secure/private_key kept.key
paraph-distribute --once 2>>distribute.log || true
[ "$(outcomes)" = "$before" ] || fail "outcomes without a key: $(outcomes)"; ok
refuse "status without the list's key" 2 paraph status
grep -q 'CRITICAL *the post cannot be opened any more with the keys of secure@lists.example.org since [0-9:]*Z ([0-9]*s); 1 mail.*paraph key show secure@' refused.out || fail "status: $(cat refused.out)"; ok
mv kept.key site/list_data/secure/private_key
paraph-distribute --once 2>>distribute.log
[ "$(paraph spool list --list secure)" = "nothing waits" ] || fail "with the key back: $(paraph spool list)"; ok

# --- old mail whose sender the MTA has just put off: only who was asked for has failed --------------------------------
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python3 "$PARAPH_SOURCE/tests/e2e/support/smtp_sink.py" "$port" sink.txt secure-owner@lists.example.org 2>/dev/null & sink=$!
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
for i in $(seq 100); do listens && break; sleep 0.1; done
set_transport "transport smtp://127.0.0.1:$port"
printf 'packet_size 1\nbulk_max_count 1\n' >>site/paraph.conf
make_post dismissed alice secure
paraph-queue secure@lists.example.org <post/dismissed.eml || fail "queue"
paraph-incoming --once 2>>incoming.log
id=$(basename "$(grep -l '^X-Paraph-Kind: post' site/spool/bulk/msg/*)")
sleep 1.1
paraph-distribute --once 2>>distribute.log || true
[ "$(grep -c '^421' sink.txt)" = 1 ] || fail "asked $(grep -c '^421' sink.txt) times"; ok
[ "$(ledger "select count(*) from paraph_copy where mail_id = '$id'")" = 1 ] || fail "$(ledger "select * from paraph_copy")"; ok
[ "$(ls site/spool/bulk/pct | grep -c "^$id.*[0-9]$")" = 1 ] || fail "nobody waits for the MTA: $(ls site/spool/bulk/pct)"; ok
kill $sink
finished

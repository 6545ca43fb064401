#!/usr/bin/env bash
# Scenarios at the command line: eval on a site and without one, table, test, check, what status says of them; the order
# in which they are looked up; search files; a changed file holds at once.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

# is "what" GOT WANTED
is() { [ "$2" = "$3" ] || fail "$1: '$2', wanted '$3'"; ok; }
# decision [OPTION…]: what scenario eval decides, as a rule would be written
decision() { paraph scenario eval "$@" --json 2>>eval.err | python3 -c 'import json,sys; print(json.load(sys.stdin)["decision"])'; }

# --- without a site -------------------------------------------------------------------------------------------------
stock=$PARAPH_SOURCE/scenarios
export PARAPH_CONFIG=$work/none.conf
is "a file" "$(decision "$stock/send.private" --role member)" do_it
is "a stranger" "$(decision "$stock/send.private" --role stranger)" "reject(reason='send_subscriber')"
is "nobody is anything by himself" "$(decision "$stock/send.private")" "reject(reason='send_subscriber')"
is "somebody else's address" "$(decision "$stock/subscribe.open" --role stranger --email eve@example.net)" 'request_auth([email])'
printf 'To: secure@example.org\nX-Level: 3\nX-Level: 9\nContent-Type: text/plain\n\nHello\n' >mail.eml
is "rules on the command line" "$(decision send --rules 'less_than(5,[msg_header->X-Level][-1]) smime -> editorkey,quiet' --auth smime --message mail.eml)" editorkey,quiet
is "a variable is set" "$(decision send --rules 'equal([custom_vars->a],[conf->b]) -> do_it' --set 'custom_vars->a=x' --set 'conf->b=X')" do_it
is "several values" "$(decision send --rules 'equal([header->x],b) -> do_it' --set 'header->x=a' --set 'header->X=b')" do_it
is "the environment" "$(LEVEL=high decision send --rules "equal([env->LEVEL],'high') -> do_it")" do_it
is "a list that is not there has no owner" "$(decision send --rules "is_owner('absent',[sender]) -> do_it" --role listmaster)" "reject(reason='no-rule-match')"
is "the time" "$(decision send --rules 'older([current_date],2020y1m1d) -> do_it' --at 2019-12-31T00:00:00Z)" do_it
is "the browser's address" "$(decision send --rules "verify_netmask('192.0.2.0/24') -> do_it" --remote-addr 192.0.2.77)" do_it
is "roles of other people and lists" "$(decision send --rules "is_owner('b@example.org',[email]) -> do_it" --role owner:b:ann@example.org --email Ann@example.org)" do_it
is "no rule matches" "$(decision send --rules 'true() smime -> do_it')" "reject(reason='no-rule-match')"
is "a search file that is not there" "$(decision send --rules "!search('x.txt') -> do_it")" "reject(reason='error-performing-condition')"
is "not compiled" "$(decision send --rules 'is_member(a,b) -> do_it')" "reject(reason='not-compiled')"
is "what a parameter is where nobody has set it" "$(decision send --rules "equal([conf->email],'sympa') -> do_it")$(decision send --rules "equal([list->status],open) -> owner")$(decision send --rules "equal([user->email],[sender]) -> editor")" do_itownereditor
is "an old name of a parameter" "$(decision send --rules "equal([list->reply_to],'') -> do_it")" do_it
is "no list, no subscriber" "$(decision send --list none --rules "equal([subscriber->email],'') -> do_it")" "reject(reason='error-performing-condition')"
is "a list parameter that does not exist" "$(decision send --rules 'equal([list->colour],x) -> do_it')" "reject(reason='not-compiled')"
mkdir -p sites/scenari sites/search_filters
printf '# friends\nann@*\n' >sites/search_filters/friends.txt
printf "include('common')\ntrue() smtp,md5,smime -> reject\n" >sites/scenari/send.mine
printf "search('friends.txt',[sender]) smtp -> do_it\n" >sites/scenari/include.common
is "include and search file beside it" "$(decision sites/scenari/send.mine --sender ann@example.org)" do_it
check "trace" paraph scenario eval sites/scenari/send.mine --sender eve@example.org --trace >trace
grep -q '\[sender\] = eve@example.org' trace || fail "no operands: $(cat trace)"; ok
grep -q "^reject    (rule 2, send.mine:2)" trace || fail "no rule: $(cat trace)"; ok
check "nothing is wrong with it" paraph scenario check sites/scenari/send.mine >check.out
grep -q 'good$' check.out || fail "$(cat check.out)"; ok
refuse "no such role" 64 paraph scenario eval "$stock/send.private" --role membre
refuse "no scenario of that file" 66 paraph scenario eval ./send.nothing

check "the grid" paraph scenario table "$stock/send.private_smime" >grid
[ "$(awk '$1 == "member" { print $2, $3, $4 }' grid)" = "reject(send_subscriber_smime) reject(send_subscriber_smime) do_it" ] || fail "$(cat grid)"; ok
is "what else it turns on" "$(paraph scenario table "$stock/send.public_nobcc" --mail bcc --json | python3 -c 'import json,sys; d=json.load(sys.stdin); print(d["depends_on"], d["decisions"][0]["action"])')" "['[is_bcc]'] reject"

# --- all stock scenarios and their cases ----------------------------------------------------------------------------
check "stock cases" paraph scenario test "$stock"/*.test >stock.out
good=$(sed -n 's/^\([0-9]*\) cases good, 0 failed$/\1/p' stock.out)
[ "${good:-0}" -gt 2500 ] || fail "too few cases: $(tail -1 stock.out)"; ok
cp "$stock/send.private" send.own
printf 'stranger smtp -> do_it\n' >send.own.test
refuse "a case that fails" 65 paraph scenario test ./send.own
grep -q 'send.own.test:1: stranger by smtp, mail none: expected do_it, decided reject' refused.out || fail "$(cat refused.out)"; ok

# --- a site ---------------------------------------------------------------------------------------------------------
make_ca
make_site
for type in sealed private open; do paraph list create "l$type" --owner olga@example.org --type $type >/dev/null 2>&1; done
paraph member add lsealed ann@example.org >/dev/null
check "all tests of the site" paraph scenario test >/dev/null
is "sealed: unsigned" "$(decision send --list lsealed --sender ann@example.org)" "reject(reason='send_subscriber_smime')"
is "sealed: signed" "$(decision send --list lsealed --sender ann@example.org --auth smime)" do_it
is "sealed: subscribe" "$(decision subscribe --list lsealed --sender eve@example.org)" owner
for function in add del; do is "sealed: $function" "$(decision $function --list lsealed --sender olga@example.org)" request_auth; done
is "sealed: review" "$(decision review --list lsealed --sender ann@example.org)" "reject(reason='review_owner')"
is "sealed: visibility" "$(decision visibility --list lsealed --sender eve@example.org)" reject
is "open: a stranger's subscription" "$(decision subscribe --list lopen --sender eve@example.org)" 'request_auth([email])'
is "a supposed role goes before the real one" "$(decision send --list lsealed --sender ann@example.org --auth smime --role stranger)" "reject(reason='send_subscriber_smime')"
is "another scenario" "$(decision send.public --list lsealed --sender eve@example.org)" do_it
is "a domain's function" "$(decision create_list --sender eve@example.org)" listmaster,notify
is "no scenario of that name" "$(decision send --list lsealed --sender ann@example.org --auth md5 --scenario absent)" "reject(reason='no-rule-match')"

printf '\ncustom_vars\nname level\nvalue 3\n\ncustom_vars\nname place\nvalue the hall\n' >>site/list_data/lopen/config
is "custom variables" "$(decision send --list lopen --sender eve@example.org --rules "equal([custom_vars->place],'the hall') smtp -> do_it")" do_it
is "by their names" "$(decision send --list lopen --sender eve@example.org --rules 'less_than([custom_vars->level],4) smtp -> owner')" owner
is "nobody owns a list that is not there" "$(decision send --list lopen --sender listmaster@example.org --rules "!is_owner('absent',[sender]) smtp -> owner")" owner
is "a listmaster owns the others" "$(decision send --list lopen --sender listmaster@example.org --rules "is_owner('lsealed',[sender]) smtp -> owner")" owner
sqlite() { python3 -c 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()' site/paraph.sqlite "$1"; }
sqlite "update subscriber_table set bounce_score_subscriber = 40 where user_subscriber = 'ann@example.org'"
sqlite "insert into user_table (email_user, lang_user, password_user) values ('ann@example.org', 'de', 'geheim')"
is "the member's row" "$(decision send --list lsealed --sender ann@example.org --rules "less_than(39,[subscriber->bounce_score]) smtp -> owner")" owner
is "the person's row" "$(decision send --list lsealed --sender ann@example.org --rules "equal([user->lang],'de') smtp -> owner")" owner
is "without a password" "$(decision send --list lsealed --sender ann@example.org --rules "equal([user->password],'') smtp -> owner")" owner
make_person ann rsa
openssl cms -encrypt -aes256 -in mail.eml -from ann@example.org -to lsealed@lists.example.org -out sealed.eml pki/ann.pem
printf 'key_passwd topsecret\n' >>site/paraph.conf
for variable in list conf; do
  paraph scenario eval send --list lsealed --sender ann@example.org --trace --rules "match([$variable->key_passwd],/./) smtp -> do_it" >secret.out 2>&1 || true
  ! grep -q topsecret secret.out || fail "a rule shows the passphrase: $(cat secret.out)"; ok
  ! grep -q '^do_it' secret.out || fail "a rule reads the passphrase"; ok
done
sed -i '/^key_passwd /d' site/paraph.conf
is "an encrypted mail" "$(decision send --list lsealed --sender ann@example.org --message sealed.eml --rules "equal([msg_encrypted],'smime') smtp -> owner")" owner
is "one that is not" "$(decision send --list lsealed --sender ann@example.org --message mail.eml --rules "equal([msg_encrypted],'') smtp -> owner")" owner
mkdir -p site/etc/second.example.org; echo 'gecos the second' >site/etc/second.example.org/robot.conf
named_so() { decision create_list --domain "$1" --sender eve@example.org --rules "match([conf->gecos],/the second/) smtp -> listmaster"; }
is "[conf->…] is the domain's" "$(named_so second.example.org)" listmaster
is "and no other's" "$(named_so lists.example.org)" "reject(reason='no-rule-match')"
rm -r site/etc/second.example.org
is "no list, no [listname]" "$(decision send.private --sender eve@example.org)" "reject(reason='error-performing-condition')"

# Block list, then the nearest file; a change holds at once.
mkdir -p site/etc/search_filters site/etc/scenari
echo 'ann@example.org' >site/etc/search_filters/blocklist.txt
is "block list" "$(decision send --list lsealed --sender ann@example.org --auth smime)" reject,quiet
rm site/etc/search_filters/blocklist.txt
echo 'true() smtp,md5,smime -> editorkey' >site/etc/scenari/send.private_smime
is "the site's file" "$(decision send --list lsealed --sender eve@example.org)" editorkey
echo 'true() smtp,md5,smime -> editor' >site/list_data/lsealed/scenari/send.private_smime
is "the list's file" "$(decision send --list lsealed --sender eve@example.org)" editor
is "and of no other list" "$(decision send.private_smime --list lprivate --sender eve@example.org)" editorkey
echo "equal([sender],[sender]) smtp -> reject(tt2='go')" >site/etc/scenari/include.send.header
is "the header goes first" "$(decision send --list lsealed --sender eve@example.org)" "reject(tt2='go')"
rm site/etc/scenari/include.send.header site/etc/scenari/send.private_smime

# status names what is wrong, and only a list's own mail waits for it.
paraph status --json >status.json || true
python3 -c 'import json; print([f["code"] for f in json.load(open("status.json"))["findings"] if f["code"].startswith("scenario")])' | grep -qx '\[\]' || fail "$(cat status.json)"; ok
echo 'is_subscribr([listname],[sender]) -> do_it' >site/list_data/lsealed/scenari/send.private_smime
echo 'true() smtp -> do_it' >site/list_data/lprivate/scenari/review.private
{ paraph status || true; } >status.out
grep -q '^CRITICAL .*scenari/send.private_smime:1:1: unknown condition is_subscribr: did you mean is_subscriber? .*paraph scenario check ' status.out || fail "$(cat status.out)"; ok
grep -q '^WARNING .*scenari/review.private:1:1: no final true() rule for md5' status.out || fail "$(cat status.out)"; ok
is "as Sympa would" "$(decision send --list lsealed --sender ann@example.org --auth smime)" "reject(reason='not-compiled')"
is "another list goes on" "$(decision send --list lprivate --sender olga@example.org)" do_it
is "another function too" "$(decision review --list lsealed --sender olga@example.org)" do_it
# --- check: a fault that only one list has, in a file that all share, and the lists' own cases --------------------------------
found() { paraph check "$@" --json 2>/dev/null | python3 -c 'import json,sys; print("\n".join(f["severity"] + " " + f["code"] + " " + f["message"] for f in json.load(sys.stdin)["findings"]))' >found || true; }
paraph list create lsound --owner olga@example.org --type private >/dev/null 2>&1
paraph list create lfaulty --owner olga@example.org --type private >/dev/null 2>&1
faulty=site/list_data/lfaulty/scenari
printf "include('absent')\ntrue() smtp,md5,smime -> reject\n" >$faulty/add.auth
printf "search('absent.txt',[sender]) smtp,md5,smime -> do_it\ntrue() smtp,md5,smime -> reject\n" >$faulty/review.private
printf 'is_nobody() -> reject\n' >$faulty/include.del.header
printf 'is_member(x) smtp -> do_it\n' >$faulty/send.private
found lfaulty
for wanted in 'CRITICAL scenario_broken send of lfaulty@.*send.private:1:1' 'WARNING scenario_broken add of lfaulty@.*add.auth:1' \
  'WARNING scenario_doubtful review of lfaulty@.*absent.txt' 'WARNING scenario_broken del of lfaulty@.*include.del.header:1'; do
  grep -q "$wanted" found || fail "check lfaulty: no '$wanted': $(cat found)"; ok
done
! grep -q lsound found || fail "check of one list told of another: $(cat found)"; ok
found lsound
! grep -q scenario_ found || fail "one bad list is all lists': $(cat found)"; ok
found
grep -q 'del of lfaulty@' found || fail "check of all: $(cat found)"; ok
refuse "critical" 2 paraph check lfaulty
rm $faulty/send.private
refuse "warnings" 1 paraph check lfaulty
refuse "strictly" 2 paraph check lfaulty --strict
rm $faulty/*
check "a sound list" paraph check lsound >/dev/null
printf '\nencrypted_post_policy any\n' >>site/list_data/lfaulty/config
sed -i '/^encrypted_post_policy signed_inside/d' site/list_data/lfaulty/config
found lfaulty; grep -q 'encrypted_unsigned lfaulty@' found || fail "$(cat found)"; ok
refuse "no such list" 66 paraph check labsent
printf "include('shared')\nsearch('known.txt',[sender]) smtp -> do_it\ntrue() smtp,md5,smime -> reject\n" >$faulty/review.own
echo 'is_listmaster([sender]) smtp,md5,smime -> do_it' >site/etc/scenari/include.shared
mkdir -p site/etc/search_filters; echo someone@example.org >site/etc/search_filters/known.txt
printf 'listmaster md5 -> do_it\nstranger smtp -> do_it\nstranger md5 -> reject\n' >$faulty/review.own.test
paraph scenario test >tests.out || fail "tests of the site: $(tail -3 tests.out)"; ok
grep -q 'lfaulty/scenari/review.own: 3 cases good' tests.out || fail "a list's cases were not run"; ok
echo 'stranger md5 -> do_it' >>$faulty/review.own.test
refuse "a list's case that fails" 65 paraph scenario test
grep -q 'review.own.test:4: ' refused.out || fail "$(cat refused.out)"; ok

finished
